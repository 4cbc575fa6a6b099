"""Tests of bot/callback."""
