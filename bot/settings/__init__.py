"""Read and check settings. The table of settings itself is in `bot/config.py`."""
