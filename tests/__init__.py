"""The tests, as a package: `tests/sandbox` must not shadow `sandbox`."""

from hypothesis import HealthCheck, settings

# A property holds however long an example takes.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
