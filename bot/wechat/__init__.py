"""The client side of WeChat's API. No other package sends requests to WeChat's servers."""
