"""Tests of bot/chat/replies."""
