"""The tests, as a package: `tests/wechat_sandbox` must not shadow `sandbox`."""
