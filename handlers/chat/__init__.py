"""What the account answers in the chat."""
