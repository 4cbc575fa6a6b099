"""Save a conversation as a document, replay it with the present server, and export it as a test."""
