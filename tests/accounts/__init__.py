"""Tests of bot/accounts, bot/sms and the account page."""
