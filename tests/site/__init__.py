"""Tests of bot/site and the example's pages."""
