"""Records that another version wrote, of every kind: with a field more, a field less, a value of another
type, or not readable at all. Whoever reads them goes on without them, and raises only what their callers
know."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from bot.chat.conversation import Conversations
from bot.chat.delivery.record import Records
from bot.chat.replies.kinds import Article, News, Text
from bot.chat.replies.returned import Ask
from bot.errors import BindingError, CodeError, VisitError, WeChatError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.oauth.doubled_redirect import DoubledRedirects
from bot.oauth.session import Sessions
from bot.oauth.state import States
from bot.oauth.visitor import Visitor
from bot.people.bindings import Bindings
from bot.people.codes import Codes
from bot.people.logins import Logins
from bot.people.open_sessions import OpenSessions
from bot.store import Store, open_store
from bot.store.limits import Limits
from bot.wechat.tokens import SharedValue
from tests.conftest import APP_ID, Clock, MakeConfig

VISITOR = Visitor("o1", "snsapi_userinfo", "小明", unionid="u1")
WHOLE = [b"null", b"7", b"[]", b"{}", b'"x"', b"{", b"\xff", b"[[]]", b'[{"kind": "Later"}]', b"[7]"]
VALUES: list[Any] = [None, 7, "x", [], {}]


class Sender:
    def send(self, phone: str, code: str, text: str) -> None:
        """Send nothing."""


@dataclass
class World:
    """All parts that store something."""

    store: Store
    clock: Clock
    make_config: MakeConfig

    def __post_init__(self) -> None:
        self.liveness = Liveness(self.store)
        self.records = Records(self.store, self.liveness, 900, self.clock)
        self.talks = Conversations(self.store)
        self.outbox = Outbox(self.store, self.liveness, self.clock)
        self.states = States(self.store, "k" * 32)
        self.redirects = DoubledRedirects(self.store, 0.0, sleep=lambda _: None)
        self.open_sessions = OpenSessions(self.store, 1000)
        self.sessions = Sessions(self.store, self.open_sessions, 1000, 1000, self.clock)
        self.bindings = Bindings(self.store, self.clock)
        self.limits = Limits(self.store)
        self.codes = Codes(
            self.make_config(), self.store, self.limits, Sender(), self.clock, lambda: "123456"
        )
        self.logins = Logins(self.store, self.clock)
        self.fetched = 0
        self.token = SharedValue(
            self.store, "ticket", self._fetch, budget=99, patience=5, clock=self.clock, sleep=lambda _: None
        )

    def _fetch(self, _force: bool) -> tuple[str, float]:
        self.fetched += 1
        return f"value{self.fetched}", 7200.0


def message(world: World) -> Callable[[], object]:
    world.records.claim("message:1:a")
    world.records.finish("message:1:a", News([Article("t", "d", "p", "u")]))

    def use() -> None:
        claim = world.records.claim("message:1:a")
        world.records.give("message:1:a", claim)
        world.records.deliveries("message:1:a")
        world.records.runner("message:1:a")
        world.records.promise("message:1:a", lambda process: lambda: None)
        world.records.adopt("message:1:a", promised=True)

    return use


def question(world: World) -> Callable[[], object]:
    world.talks.ask("o1", Ask("answer", "a", {"n": 1}))
    return lambda: (world.talks.asked("o1"), world.talks.end_question("o1"))


def kept(world: World) -> Callable[[], object]:
    world.talks.keep("o1", Text("a"), "1")

    def use() -> None:
        world.talks.keep("o1", Text("b"), "2")
        found = world.talks.kept("o1", "message:9", again=False)
        assert found is not None, "the newer answer can be read"
        world.talks.kept("o1", "message:9", again=True)

    return use


def given(world: World) -> Callable[[], object]:
    world.talks.keep("o1", Text("a"), "1")
    world.talks.kept("o1", "message:9", again=False)
    return lambda: world.talks.kept("o1", "message:9", again=True)


def job(world: World) -> Callable[[], object]:
    world.outbox.put("j", "run", {"fields": {}})

    def use() -> None:
        world.outbox.all()
        world.clock.advance(6)
        world.outbox.overdue()
        with suppress(ValueError):  # the runner logs it
            world.outbox.claim("j")

    return use


def state(world: World) -> Callable[[], object]:
    state = world.states.new("/", "browser")
    return lambda: (world.states.is_open(state), world.states.use(state, "code", "browser"))


def code(world: World) -> Callable[[], object]:
    world.redirects.once("code", lambda: VISITOR)
    return lambda: world.redirects.once("code", lambda: VISITOR)


def failed_code(world: World) -> Callable[[], object]:
    def refuse() -> Visitor:
        raise VisitError("old-code", 400)

    with suppress(VisitError):
        world.redirects.once("code", refuse)
    return lambda: world.redirects.once("code", refuse)


def session(world: World) -> Callable[[], object]:
    session_id = world.sessions.begin(VISITOR)
    found = world.sessions.find(session_id)
    assert found

    def use() -> None:
        world.clock.advance(400)
        world.sessions.find(session_id)
        world.sessions.touch(session_id, found)
        world.sessions.end(session_id)

    return use


def sessions_of(world: World) -> Callable[[], object]:
    world.sessions.begin(VISITOR)
    return lambda: (world.sessions.begin(VISITOR), world.open_sessions.end_all("o1", "u1"))


def ticket(world: World) -> Callable[[], object]:
    ticket = world.sessions.ticket(VISITOR)
    return lambda: world.sessions.redeem(ticket)


def binding(world: World) -> Callable[[], object]:
    world.bindings.bind("o1", "+8613800138000", "u1")

    def use() -> None:
        world.bindings.of("o1")
        world.bindings.of_phone("+8613800138000")
        world.bindings.of_unionid("u1")
        world.bindings.learn("o1", "u2")
        world.clock.advance(100)
        with suppress(BindingError):
            world.bindings.bind("o2", "+8613800138000")
        with suppress(BindingError):
            world.bindings.bind("o1", "+8613800138001")
        world.bindings.unbind("o1")

    return use


def sms_code(world: World) -> Callable[[], object]:
    world.codes.send("o1", "+8613800138000", "net", str)
    return lambda: (world.codes.pending("o1"), world.codes.check("o1", "123456"))


def pause(world: World) -> Callable[[], object]:
    world.limits.pause("sms", "o1", 60, world.clock())
    return lambda: world.limits.pause("sms", "o1", 60, world.clock())


def login(world: World) -> Callable[[], object]:
    login = world.logins.new("browser", "1.2.3.4", "Chrome", "/")
    world.logins.put(login)

    def use() -> None:
        world.logins.of("browser")
        world.logins.scanned(login.id, "o1")
        world.logins.confirm(login.id, "o1", "{}")
        world.logins.refuse(login.id, "o1")
        world.logins.finish("browser")

    return use


def token(world: World) -> Callable[[], object]:
    world.token.get()

    def use() -> None:
        assert world.token.get() in ("value1", "value2", "x")
        world.token.replace(world.token.get())

    return use


def failure(world: World) -> Callable[[], object]:
    def refuse() -> None:
        raise WeChatError(40125, "invalid")

    world.token._fetch = lambda _: refuse()  # type: ignore[assignment,return-value]
    with suppress(WeChatError):
        world.token.get()
    world.token._fetch = world._fetch
    return world.token.get


# By the keys of the records that they write.
KINDS: dict[str, Callable[[World], Callable[[], object]]] = {
    "message:1:a": message,
    "question:": question,
    "kept:": kept,
    "given:": given,
    "job:": job,
    "state:": state,
    "code:": code,
    "code:failed": failed_code,
    "session:": session,
    "sessions-of:": sessions_of,
    "ticket:": ticket,
    "binding:": binding,
    "phone:": binding,
    "code:sms:": sms_code,
    "pause:": pause,
    "login:": login,
    "ticket:value": token,
    "ticket:failure": failure,
}


@pytest.fixture
def new_world(make_config: MakeConfig, clock: Clock) -> Iterator[Callable[[], World]]:
    number = iter(range(10_000))
    store = open_store(make_config().store_url, clock, app_id=APP_ID)

    def new() -> World:
        with store._transaction() as db:  # type: ignore[attr-defined]  # an SQLite store
            db.execute("DELETE FROM entry")
            db.execute("DELETE FROM timetable")
        clock.now = 1_700_000_000.0 + next(number)
        return World(store, clock, make_config)

    with closing(store):
        yield new


def variants(record: bytes) -> Iterator[bytes]:
    """Yield a record as other versions may have written it. Its first letter may say what it is."""
    letter, body = (record[:1], record[1:]) if record[:1].isalpha() else (b"", record)
    values = json.loads(body)
    for whole in WHOLE:
        yield letter + whole
    if letter:
        yield b"Znewer"
    for path in _paths(values):
        for change in (*VALUES, _GONE, _MORE):
            yield letter + json.dumps(_changed(values, path, change)).encode()


_GONE, _MORE = object(), object()


def _paths(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = (
        values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    )
    for name, value in inner:
        yield (*path, name)
        yield from _paths(value, (*path, name))


def _changed(values: Any, path: tuple[Any, ...], change: object) -> Any:
    copied = json.loads(json.dumps(values))
    place = copied
    for name in path[:-1]:
        place = place[name]
    if change is _GONE:
        del place[path[-1]]
    elif change is _MORE and isinstance(place, dict):
        place["added_later"] = [1, {"a": 2}]
    elif change is not _MORE:
        place[path[-1]] = change
    return copied


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_another_version_stops_nobody(kind: str, new_world: Callable[[], World]) -> None:
    prefix = "code:" if kind == "code:failed" else kind
    world = new_world()
    KINDS[kind](world)
    record = _stored(world, prefix)
    for variant in variants(record[1]):
        world = new_world()
        use = KINDS[kind](world)
        key = _stored(world, prefix)[0]
        world.store.put(key, variant, 1000)
        try:
            use()
        except (VisitError, CodeError, WeChatError):
            pass
        except Exception as error:
            raise AssertionError(f"{key} = {variant!r}: {type(error).__name__}: {error}") from error


def _stored(world: World, prefix: str) -> tuple[str, bytes]:
    with world.store._transaction() as db:  # type: ignore[attr-defined]  # an SQLite store
        rows = db.execute("SELECT key, value FROM entry ORDER BY key").fetchall()
    found = [(key.removeprefix(f"{APP_ID}:"), value) for key, value in rows]
    found = [(key, value) for key, value in found if key.startswith(prefix) and not key.endswith(":retries")]
    if prefix == "code:":
        found = [(key, value) for key, value in found if not key.startswith("code:sms:")]
    assert found, rows
    return found[0]


def test_a_token_that_cannot_be_read_is_fetched_anew(new_world: Callable[[], World]) -> None:
    world = new_world()
    assert world.token.get() == "value1"
    world.store.put("ticket:value", b'{"value": "value1", "until": 1}', 7200)
    assert world.token.get() == "value2"
    assert world.token.get() == "value2"
