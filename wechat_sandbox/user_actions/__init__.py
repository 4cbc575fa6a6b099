"""The acts of a user on the phone, such as follow, send, tap the menu and scan. Most are pushed to the
account's server."""
