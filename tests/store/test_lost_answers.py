"""A way to Redis on which answers get lost: what has been done once is not done, or judged, a second time."""

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from bot.errors import StoreError
from bot.store.redis import RedisStore
from tests.conftest import APP_ID, Clock, RedisServer


class Path:
    """Carries requests to Redis and its answers back; while `loses`, the connection breaks instead."""

    def __init__(self, server: RedisServer) -> None:
        self.loses = False
        self._target = urlsplit(server.url).path
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._door.getsockname()[1]}/0"
        threading.Thread(target=self._let_in, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _let_in(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as redis:
            redis.connect(self._target)
            while request := client.recv(1 << 16):
                redis.sendall(request)
                answer = redis.recv(1 << 16)
                if self.loses:
                    return
                client.sendall(answer)


@pytest.fixture
def path(redis_server: RedisServer) -> Iterator[Path]:
    path = Path(redis_server)
    yield path
    path.close()


@pytest.mark.redis
def test_a_change_whose_answer_is_lost_is_an_error_and_was_made_once(path: Path) -> None:
    moment = Clock(0.0)
    store = RedisStore(path.url, APP_ID, moment)
    store.put("k", b"old", 60)
    assert store.swap("k", b"x", b"y", 60) is False  # the script is known from now on
    path.loses = True
    with pytest.raises(StoreError):
        store.swap("k", b"old", b"new", 60)  # tried again, it would find "new", and say: too late
    path.loses = False
    moment.advance(2)
    assert store.get("k") == b"new"
    assert store.count("n", 60) == 1
    path.loses = True
    moment.advance(2)
    with pytest.raises(StoreError):
        store.count("n", 60)
    path.loses = False
    moment.advance(2)
    assert store.count("n", 60) == 3
    store.close()
