"""Tests of bot/oauth."""
