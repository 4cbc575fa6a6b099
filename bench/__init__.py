"""Measurements: each module is one command that prints a table. Nothing here is a timed test."""
