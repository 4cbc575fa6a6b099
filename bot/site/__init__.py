"""The web.py edge: the application, its pages and forms, health, metrics and JSON for other systems."""
