"""The acts of a user on the phone, such as follow, send, tap the menu and scan. Most acts push a message or
an event to the account's server.
"""
