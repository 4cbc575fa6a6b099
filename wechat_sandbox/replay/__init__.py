"""A conversation kept as a document, held again with the server of now, and written out as a test."""
