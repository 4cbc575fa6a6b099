"""The custom menu: check it against WeChat's limits, and install it."""
