"""The only package that talks to WeChat's servers."""
