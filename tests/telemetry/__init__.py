"""Tests of bot/telemetry."""
