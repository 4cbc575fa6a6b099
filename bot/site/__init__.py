"""The web.py application: its pages and forms, health, metrics, JSON for other systems.

Nothing here may decide how a visitor logs in: `bot/oauth/` does.
"""
