"""Saves a conversation as a document, replays it with the present server, and exports it as a test."""
