"""A store of each kind, and the parts of bot/accounts on it."""

from collections.abc import Iterator

import pytest

from bot.store import Store, open_store
from tests.conftest import APP_ID, Clock, MakeConfig


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store_url(request: pytest.FixtureRequest, make_config: MakeConfig) -> str:
    if request.param == "redis":
        return str(request.getfixturevalue("redis_server").url)
    return make_config().store_url


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[Store]:
    store = open_store(store_url, clock, app_id=APP_ID)
    yield store
    store.close()
