"""Hypothesis: the same examples on every machine, unless a profile is asked for by name.

`pytest tests/domain --hypothesis-profile=explore` looks further, with new examples each time.
"""

import pytest
from hypothesis import HealthCheck, settings

# Speed differs between machines; what is true does not.
settings.register_profile(
    "repeatable",
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", max_examples=3_000, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile", None) is None:
        settings.load_profile("repeatable")
