"""The account's web pages."""
