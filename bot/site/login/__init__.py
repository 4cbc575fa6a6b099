"""The pages of a login on a PC, and the answer in the chat to a user who scans the QR code of the login page.

Nothing here may begin a session: `bot/oauth/sign_in.py` does. docs/pages.md describes the login.
"""
