"""Tests of bot/chat/delivery."""
