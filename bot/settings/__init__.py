"""How settings are read and checked. Which settings there are is known to `bot/config.py` alone."""
