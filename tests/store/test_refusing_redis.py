"""A Redis that answers and refuses to work is an outage: said once, with the reason and what to do."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import redis

from bot.errors import StoreError, StoreUnusable
from bot.store.redis import RedisStore
from tests.conditions import until
from tests.conftest import APP_ID, Clock
from tests.store.redis_servers import RedisProcess, redis_process

pytestmark = [pytest.mark.redis, pytest.mark.slow]

Fault = tuple[Callable[[RedisProcess], None], Callable[[RedisProcess], None]]


@pytest.fixture
def server(need_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    with redis_process(tmp_path_factory.mktemp("r"), "--enable-protected-configs", "yes") as server:
        yield server


def set_(name: str, value: str) -> Callable[[RedisProcess], None]:
    return lambda server: server.client.config_set(name, value) and None


def become_replica(server: RedisProcess) -> None:
    server.client.replicaof("127.0.0.1", "1")


def become_stale_replica(server: RedisProcess) -> None:
    server.client.config_set("replica-serve-stale-data", "no")
    become_replica(server)


def become_master(server: RedisProcess) -> None:
    server.client.replicaof("NO", "ONE")


def fail_to_save(server: RedisProcess) -> None:
    (server.folder / "dump.rdb").mkdir()
    server.client.config_set("save", "3600 1")
    server.client.bgsave()
    until(lambda: server.client.info("persistence")["rdb_last_bgsave_status"] == "err")


def save(server: RedisProcess) -> None:
    (server.folder / "dump.rdb").rmdir()
    server.client.bgsave()
    until(lambda: server.client.info("persistence")["rdb_last_bgsave_status"] == "ok")


def forbid(command: str) -> Callable[[RedisProcess], None]:
    return lambda server: server.client.execute_command("ACL", "SETUSER", "default", f"-{command}") and None


def allow_all(server: RedisProcess) -> None:
    server.client.execute_command("ACL", "SETUSER", "default", "+@all")


def run_for_ever(server: RedisProcess) -> None:
    server.client.config_set("busy-reply-threshold", "1")
    client = redis.Redis(port=server.port)

    def run() -> None:
        with contextlib.suppress(redis.RedisError):
            client.eval("while true do end", 0)

    threading.Thread(target=run, daemon=True).start()

    def is_busy() -> bool:
        try:
            server.client.get("key")
        except redis.ResponseError:
            return True
        return False

    until(is_busy)


def end_script(server: RedisProcess) -> None:
    server.client.script_kill()  # type: ignore[no-untyped-call]

    def is_free() -> bool:
        try:
            server.client.get("key")
        except redis.ResponseError:
            return False
        return True

    until(is_free)


FAULTS: dict[str, Fault] = {
    "READONLY": (become_replica, become_master),
    "MASTERDOWN": (become_stale_replica, become_master),
    "OOM": (set_("maxmemory", "1"), set_("maxmemory", "0")),
    "MISCONF": (fail_to_save, save),
    "NOREPLICAS": (set_("min-replicas-to-write", "1"), set_("min-replicas-to-write", "0")),
    "NOPERM": (forbid("set"), allow_all),
    "NOPERM of a command that messages seldom need": (forbid("zadd"), allow_all),
    "BUSY": (run_for_ever, end_script),
}
WORDS = {"MASTERDOWN": "MASTERDOWN|READONLY"}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_redis_that_refuses_is_an_outage_that_is_said_once(
    kind: str, server: RedisProcess, log: pytest.LogCaptureFixture
) -> None:
    moment = Clock(0.0)
    store = RedisStore(server.url, APP_ID, moment)
    store.put("k", b"v", 60)
    break_it, mend = FAULTS[kind]
    break_it(server)
    for _ in range(4):
        with pytest.raises(StoreError, match=WORDS.get(kind, kind.partition(" ")[0])):
            store.ping()
        for _ in range(3):
            with pytest.raises(StoreError):
                store.together([("add", ("n", b"1", 60)), ("get", ("k",))])
        with pytest.raises(StoreError):
            store.get("k")
        moment.advance(1.1)
    assert [record.levelname for record in log.records] == ["ERROR"]
    mend(server)
    store.ping()
    assert store.together([("add", ("n", b"1", 60)), ("get", ("k",))]) == [True, b"v"]
    assert [record.levelname for record in log.records] == ["ERROR", "WARNING"]
    store.close()


def test_a_fault_of_one_value_is_no_outage(server: RedisProcess, log: pytest.LogCaptureFixture) -> None:
    store = RedisStore(server.url, APP_ID, Clock(0.0))
    server.client.lpush(f"{APP_ID}:list", "x")
    server.client.set(f"{APP_ID}:text", "x")
    for call in (lambda: store.get("list"), lambda: store.count("text", 60)):
        with pytest.raises(StoreError):
            call()
    store.put("k", b"v", 60)
    assert store.get("k") == b"v"
    assert not log.records
    store.close()


def test_a_master_that_has_become_a_replica_is_left_at_once(
    tmp_path_factory: pytest.TempPathFactory, need_redis: None, log: pytest.LogCaptureFixture
) -> None:
    """A failover behind one address: new connections lead to the new master, and nothing fails."""
    folder = tmp_path_factory.mktemp("r")
    with redis_process(folder / "old") as old, redis_process(folder / "new") as new, _door(old.port) as door:
        store = RedisStore(f"redis://127.0.0.1:{door.port}/0", APP_ID)
        store.put("k", b"v", 60)
        become_replica(old)
        door.leads_to = new.port
        assert store.add("k", b"w", 60)
        assert new.client.get(f"{APP_ID}:k") == b"w"
        store.close()
    assert not log.records


def test_a_node_of_a_cluster_is_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, need_redis: None
) -> None:
    with redis_process(tmp_path_factory.mktemp("r"), "--cluster-enabled", "yes") as node:
        store = RedisStore(node.url, APP_ID)
        with pytest.raises(StoreUnusable, match="Redis Cluster"):
            store.ping()
        store.close()
        # A node that has all slots takes all commands, until the cluster grows.
        node.client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: b"cluster_state:ok" in node.client.execute_command("CLUSTER", "INFO"))
        for url in (node.url, node.url[:-1] + "1"):
            store = RedisStore(url, APP_ID)
            with pytest.raises(StoreUnusable, match="Redis Cluster"):
                store.ping()
            store.close()


@pytest.mark.parametrize(
    ("login", "options", "words"),
    [
        ("", ("--requirepass", "hunter2"), "requires a password"),
        (":swordfish@", ("--requirepass", "hunter2"), "user or password is wrong"),
        ("bot:swordfish@", (), "user or password is wrong"),
        (":swordfish@", (), "has no password, but STORE_URL names one"),
    ],
)
def test_a_wrong_or_missing_password_is_said_in_words(
    login: str,
    options: tuple[str, ...],
    words: str,
    tmp_path_factory: pytest.TempPathFactory,
    need_redis: None,
    log: pytest.LogCaptureFixture,
) -> None:
    with redis_process(tmp_path_factory.mktemp("r"), *options) as server:
        store = RedisStore(server.url.replace("//", f"//{login}"), APP_ID)
        with pytest.raises(StoreError, match=words) as error:
            store.ping()
        store.close()
    assert "swordfish" not in str(error.value) + log.text


def test_a_database_that_redis_does_not_have_is_said_in_words(server: RedisProcess) -> None:
    store = RedisStore(server.url[:-1] + "99", APP_ID)
    with pytest.raises(StoreError, match="fewer databases"):
        store.ping()
    store.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("LOADING Redis is loading the dataset in memory", "loading its data"),
        ("ERR max number of clients reached", "too many connections"),
        ("ERR unknown command 'SET', with args beginning with: 'key' 'secret'", "Redis 6.2 or newer"),
        ("DENIED Redis is running in protected mode because …", "protected mode"),
        (
            "ERR Error running script (call to f_1): @user_script:3: -OOM command not allowed",
            "memory is full",
        ),
        ("MOVED 866 127.0.0.1:6381", "Redis Cluster"),
        ("CROSSSLOT Keys in request don't hash to the same slot", "Redis Cluster"),
        ("SOMETHINGNEW secret", r"refuses to work \[SOMETHINGNEW\]"),
        ("ERR something new: secret", r"refuses to work \[ERR\]"),
    ],
)
def test_whatever_is_refused_is_an_outage(answer: str, words: str, log: pytest.LogCaptureFixture) -> None:
    with _refusing(answer) as port:
        store = RedisStore(f"redis://127.0.0.1:{port}/0", APP_ID)
        with pytest.raises(StoreError, match=words):
            store.ping()
        store.close()
    assert len(log.records) == 1
    assert "secret" not in log.text


@contextlib.contextmanager
def _refusing(answer: str) -> Iterator[int]:
    """A server that gives one answer to all commands."""

    def serve(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                client.sendall(f"-{answer}\r\n".encode() * (data.startswith(b"*") + data.count(b"\r\n*")))

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_let_in, args=(door, serve), daemon=True).start()
        yield door.getsockname()[1]


def _let_in(door: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()


class _Door:
    """One address for several Redises: a new connection goes to the port that it leads to at that time."""

    def __init__(self, door: socket.socket, leads_to: int) -> None:
        self.port: int = door.getsockname()[1]
        self.leads_to = leads_to

    def serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.leads_to)) as server:
            back = threading.Thread(target=_carry, args=(server, client), daemon=True)
            back.start()
            _carry(client, server)


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)


@contextlib.contextmanager
def _door(port: int) -> Iterator[_Door]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        door = _Door(listening, port)
        threading.Thread(target=_let_in, args=(listening, door.serve), daemon=True).start()
        yield door
