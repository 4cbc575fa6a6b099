"""Tests of bot/pages and the example's pages."""
