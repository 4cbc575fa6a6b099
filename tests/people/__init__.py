"""Tests of bot/people and the account page."""
