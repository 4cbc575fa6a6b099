"""Tests of bot/settings."""
