"""The tests, as a package: `tests/sandbox` must not shadow `sandbox`."""
