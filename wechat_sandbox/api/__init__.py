"""WeChat's own API (api.weixin.qq.com): `frame.py` does what is the same for every call."""
