"""The custom menu: what WeChat takes, and how it is installed."""
