"""An offline simulation of WeChat: the platform's API, its authorize pages and a phone, in one process.

It keeps everything in memory. It must not import the bot; the bot reaches it through its base URLs only.
"""
