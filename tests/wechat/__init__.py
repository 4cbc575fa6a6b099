"""Tests of bot/wechat."""
