"""WeChat's own API (api.weixin.qq.com). `pipeline.py` does the steps that all calls share."""
