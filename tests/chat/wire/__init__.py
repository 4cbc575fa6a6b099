"""Tests of bot/chat/wire."""
