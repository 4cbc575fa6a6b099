"""WeChat, offline: the platform's API, its authorize pages and a phone, in one process and in memory only.

It never imports the bot, and the bot knows it as nothing but other base URLs.
"""
