"""Tests of bot/menu."""
