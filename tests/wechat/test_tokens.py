"""access_token and jsapi_ticket: fetched once for everybody, kept while they are good. The sandbox's journal
is the witness of what was asked of WeChat."""

import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.config import Config
from bot.errors import StoreError, TokenBudgetSpent, WeChatError, WeChatUnreachable
from bot.store import Store, open_store
from bot.wechat.client import Client
from bot.wechat.endpoints import Endpoints
from bot.wechat.errcodes import explain
from bot.wechat.http import Http
from bot.wechat.tokens import SharedValue, access_tokens
from tests.conftest import APP_ID, Clock, MakeConfig, StartWeChat, as_account, in_processes
from tests.launch import Sandbox
from tests.short_timeout import shorten_timeout

STABLE, CLASSIC = "/cgi-bin/stable_token", "/cgi-bin/token"


def asked(wechat: Sandbox, path: str) -> int:
    return sum(call["path"] == path for call in wechat.calls())


@pytest.fixture
def clock(wechat: Sandbox) -> Clock:
    """The sandbox's time, which this test turns on both sides."""
    return Clock(wechat.state()["clock"]["now"])


@pytest.fixture
def later(wechat: Sandbox, clock: Clock) -> Callable[[float], None]:
    def advance(seconds: float) -> None:
        clock.advance(seconds)
        wechat.clock(seconds)

    return advance


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def store_url(request: pytest.FixtureRequest, make_config: MakeConfig) -> str:
    if request.param == "redis":
        url: str = request.getfixturevalue("redis_server").url
        return url
    return make_config().store_url


MakeTokens = Callable[..., SharedValue]


@pytest.fixture
def make_tokens(make_config: MakeConfig, wechat: Sandbox, clock: Clock) -> Iterator[MakeTokens]:
    closers: list[Callable[[], None]] = []

    def make(sandbox: Sandbox = wechat, **settings: object) -> SharedValue:
        config: Config = make_config(**as_account(sandbox) | settings)
        store, http = open_store(config.store_url, clock, app_id=APP_ID), Http(config.api_timeout)
        closers.extend((store.close, http.close))
        return access_tokens(config, store, http, clock)

    yield make
    for close in closers:
        close()


# -- one fetch


def test_many_threads_on_a_cold_store_make_one_fetch(
    make_tokens: MakeTokens, wechat: Sandbox, store_url: str
) -> None:
    wechat.faults([{"path": STABLE, "delay": 0.15}])  # long enough for all of them to come
    tokens = make_tokens(store_url=store_url)
    start = threading.Barrier(12)

    def get() -> str:
        start.wait()
        return tokens.get()

    with ThreadPoolExecutor(12) as pool:
        values = {task.result() for task in [pool.submit(get) for _ in range(12)]}
    assert len(values) == 1
    assert asked(wechat, STABLE) == 1


CHILD = """
import sys
from bot.config import load_config
from bot.store import open_store
from bot.wechat.http import Http
from bot.wechat.tokens import access_tokens
config = load_config()
store = open_store(config.store_url, app_id='wx0123456789abcdef')
tokens = access_tokens(config, store, Http(config.api_timeout))
print("ready", flush=True)
sys.stdin.readline()
print(tokens.get())
"""


def test_several_processes_on_a_cold_store_make_one_fetch(
    make_config: MakeConfig, wechat: Sandbox, store_url: str, tmp_path: Path
) -> None:
    wechat.faults([{"path": STABLE, "delay": 0.15}])
    settings = as_account(wechat) | {
        "store_url": store_url,
        "public_url": "https://bot.example.com",
        "secret_key": "x" * 32,
    }
    env = {f"BOT_{name.upper()}": value for name, value in settings.items()}
    empty = tmp_path / "config.py"
    empty.write_text("")
    values = {said.strip() for said in in_processes(3, CHILD, env=env | {"BOT_CONFIG": str(empty)})}
    assert len(values) == 1
    assert "" not in values
    assert asked(wechat, STABLE) == 1


def test_a_token_is_kept_until_shortly_before_its_end(
    make_tokens: MakeTokens, wechat: Sandbox, later: Callable[[float], None]
) -> None:
    tokens = make_tokens()
    first = tokens.get()
    later(6890)
    assert tokens.get() == first
    assert asked(wechat, STABLE) == 1
    later(20)
    second = tokens.get()
    assert second != first
    assert asked(wechat, STABLE) == 2


def test_the_classic_endpoint_is_used_if_the_settings_say_so(
    make_tokens: MakeTokens, wechat: Sandbox
) -> None:
    tokens = make_tokens(token_kind="classic")
    assert tokens.get() == tokens.get()
    assert (asked(wechat, CLASSIC), asked(wechat, STABLE)) == (1, 0)


@pytest.mark.parametrize("kind", ["stable", "classic"])
def test_replacing_a_token_gives_another_that_wechat_takes(
    make_tokens: MakeTokens, wechat: Sandbox, kind: str
) -> None:
    tokens = make_tokens(token_kind=kind)
    first = tokens.get()
    second = tokens.replace(first)
    assert second != first
    assert tokens.get() == second


def test_a_hundred_callers_with_the_same_dead_token_cause_one_fetch(
    make_tokens: MakeTokens, wechat: Sandbox
) -> None:
    tokens = make_tokens(token_kind="classic")
    dead = tokens.get()
    with ThreadPoolExecutor(10) as pool:
        fresh = {task.result() for task in [pool.submit(tokens.replace, dead) for _ in range(100)]}
    assert len(fresh) == 1
    assert dead not in fresh
    assert asked(wechat, CLASSIC) == 2


# -- failures


def test_a_failure_answers_for_everybody_for_a_moment(
    make_tokens: MakeTokens, wechat: Sandbox, later: Callable[[float], None]
) -> None:
    wechat.faults([{"path": STABLE, "errcode": 40125, "count": 1}])
    tokens = make_tokens()
    for _ in range(5):
        with pytest.raises(WeChatError) as error:
            tokens.get()
        assert error.value.errcode == 40125
    assert asked(wechat, STABLE) == 1
    later(6)
    assert tokens.get()
    assert asked(wechat, STABLE) == 2


@pytest.mark.parametrize(("kind", "path"), [("stable", STABLE), ("classic", CLASSIC)])
@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 500}, {"status": 200}, {"delay": 2}], ids=str)
def test_a_wechat_that_cannot_be_reached_is_named_so_without_the_secret(
    make_tokens: MakeTokens,
    wechat: Sandbox,
    fault: dict[str, object],
    kind: str,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "delay" in fault:
        shorten_timeout(monkeypatch, path)
    wechat.faults([{"path": path, **fault}])
    tokens = make_tokens(token_kind=kind)
    with pytest.raises(WeChatUnreachable) as error:
        tokens.get()
    with pytest.raises(WeChatUnreachable) as told:
        tokens.get()
    assert str(told.value) == str(error.value), "who asks just afterwards is told the same"
    whole = "".join(traceback.format_exception(error.value))
    assert wechat.state()["account"]["app_secret"] not in whole


def test_a_server_that_is_not_on_the_list_is_told_its_address(
    make_tokens: MakeTokens, start_wechat: StartWeChat
) -> None:
    tokens = make_tokens(start_wechat("--ip-whitelist", "10.0.0.1"))
    with pytest.raises(WeChatError) as error:
        tokens.get()
    assert error.value.errcode == 40164
    assert "Add 127.0.0.1 to the IP whitelist" in explain(error.value)


def test_the_daily_budget_stops_a_runaway_until_the_next_day_in_china(
    make_tokens: MakeTokens, wechat: Sandbox, clock: Clock
) -> None:
    clock.now = 1_700_063_999.0 - 182.5  # 2023-11-15 23:56:57 in China
    tokens = make_tokens(token_daily_budget=3, token_kind="classic")
    value = tokens.get()
    value = tokens.replace(value)
    clock.advance(91)
    value = tokens.replace(value)
    clock.advance(91)
    with pytest.raises(TokenBudgetSpent) as error:
        tokens.replace(value)
    assert error.value.errcode == 45009
    assert "TOKEN_DAILY_BUDGET" in str(error.value)
    assert asked(wechat, CLASSIC) == 3
    clock.advance(6)
    assert tokens.replace(value) != value


# -- the shared value itself, with a fetch that the test holds


class Source:
    """Hands out t1, t2 …; while `held` is set, a fetch waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.held = threading.Event()
        self.begun = threading.Event()
        self.go = threading.Event()
        self.answer: tuple[str, float] | None = None

    def __call__(self, force: bool) -> tuple[str, float]:
        self.asked.append(force)
        self.begun.set()
        if self.held.is_set():
            assert self.go.wait(60)
        return self.answer or (f"t{len(self.asked)}", 7200.0)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def still() -> Clock:
    return Clock()


@pytest.fixture
def store(make_config: MakeConfig, still: Clock) -> Iterator[Store]:
    store = open_store(make_config().store_url, still, app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def shared(store: Store, source: Source, still: Clock) -> SharedValue:
    return SharedValue(store, "test", source, budget=100, patience=30, clock=still)


def test_during_the_overlap_the_old_value_is_served_while_one_renews(
    shared: SharedValue, source: Source, still: Clock
) -> None:
    assert shared.get() == "t1"
    still.advance(7200 - 299)
    source.held.set()
    source.begun.clear()
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(shared.get)
        assert source.begun.wait(60)
        assert [shared.get() for _ in range(3)] == ["t1"] * 3, "nobody waits"
        source.go.set()
        assert renewing.result() == "t2"
    assert shared.get() == "t2"
    assert len(source.asked) == 2


def test_a_failed_renewal_during_the_overlap_is_no_failure_of_the_old_value(
    shared: SharedValue, source: Source, still: Clock
) -> None:
    shared.get()
    still.advance(7200 - 299)
    source.answer = ("", 0.0)
    assert shared.get() == "t1"
    still.advance(299)
    with pytest.raises(WeChatError):
        shared.get()


@pytest.mark.parametrize("answer", [("", 7200.0), ("t", 0.0), ("t", -1.0)])
def test_an_empty_answer_is_never_kept(
    shared: SharedValue, source: Source, still: Clock, answer: tuple[str, float]
) -> None:
    source.answer = answer
    with pytest.raises(WeChatUnreachable):
        shared.get()
    source.answer = None
    still.advance(6)
    assert shared.get() == "t2"


def test_replacing_a_value_that_is_not_current_fetches_nothing(shared: SharedValue, source: Source) -> None:
    assert shared.get() == "t1"
    assert shared.replace("older") == "t1"
    assert source.asked == [False]


def test_replacing_asks_for_another_value_and_forces_only_if_it_gets_the_same(
    shared: SharedValue, source: Source, still: Clock
) -> None:
    shared.get()
    still.advance(91)
    assert shared.replace("t1") == "t2"
    assert source.asked == [False, False]
    still.advance(91)
    source.answer = ("t2", 7000.0)
    assert shared.replace("t2") == "t2"
    assert source.asked == [False, False, False, True]


def test_a_new_value_is_replaced_by_force_at_once(shared: SharedValue, source: Source) -> None:
    """WeChat would only hand out the same again, at the cost of a fetch."""
    shared.get()
    assert shared.replace("t1") == "t2"
    assert source.asked == [False, True]


def test_a_value_that_is_refused_although_it_is_new_is_not_replaced_for_a_minute(
    shared: SharedValue, source: Source, still: Clock
) -> None:
    value = shared.replace(shared.get())
    for _ in range(50):
        with pytest.raises(WeChatError) as error:
            shared.replace(value)
        assert error.value.errcode == 40001
    assert len(source.asked) == 2
    still.advance(91)
    assert shared.replace(value) == "t3"


def test_a_short_life_is_renewed_at_half_of_it(shared: SharedValue, source: Source, still: Clock) -> None:
    source.answer = ("short", 100.0)
    shared.get()
    still.advance(49)
    shared.get()
    assert len(source.asked) == 1
    still.advance(2)
    shared.get()
    assert len(source.asked) == 2


def test_a_fetch_that_outlived_its_lock_does_not_overwrite_a_newer_value(
    store: Store, source: Source, still: Clock
) -> None:
    slow = SharedValue(store, "test", source, budget=100, patience=30, clock=still)
    quick = SharedValue(store, "test", lambda force: ("newer", 7200.0), budget=100, patience=30, clock=still)
    source.held.set()
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow.get)
        assert source.begun.wait(60)
        still.advance(31)  # the lock of the slow one has lapsed
        assert quick.get() == "newer"
        source.go.set()
        late.result(60)
    assert quick.get() == "newer"


def test_two_names_in_one_store_are_two_values(store: Store, source: Source, still: Clock) -> None:
    names = ("token", "ticket")
    values = [SharedValue(store, name, source, budget=9, patience=3, clock=still).get() for name in names]
    assert values == ["t1", "t2"]


# -- without the store, and for a minute


class Failing:
    """A store that can be switched off."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_off = False

    def __getattr__(self, name: str) -> object:
        if self.is_off:
            raise StoreError("gone")
        return getattr(self._store, name)


def test_the_last_value_is_used_while_the_store_is_gone(store: Store, still: Clock) -> None:
    failing, fetched = Failing(store), list[bool]()

    def fetch(force: bool) -> tuple[str, float]:
        fetched.append(force)
        return f"value-{len(fetched)}", 7200

    shared = SharedValue(failing, "x", fetch, budget=10, patience=3, clock=still)  # type: ignore[arg-type]
    assert shared.get() == "value-1"
    assert shared.get() == "value-1"
    failing.is_off = True
    still.advance(7000)  # in the overlap: nobody can be chosen to renew it
    assert shared.get() == "value-1"
    still.advance(300)
    with pytest.raises(StoreError):
        shared.get()
    failing.is_off = False
    assert shared.get() == "value-2"


def test_40001_on_every_call_for_a_minute_costs_two_fetches(
    make_config: MakeConfig, wechat: Sandbox, clock: Clock, later: Callable[[float], None]
) -> None:
    config = make_config(**as_account(wechat))
    store, http = open_store(config.store_url, clock, app_id=APP_ID), Http(config.api_timeout)
    tokens = access_tokens(config, store, http, clock)
    client = Client(Endpoints.of(config), config.app_id, config.app_secret, tokens, config.api_timeout)
    tokens.get()
    before = asked(wechat, STABLE)
    wechat.faults([{"path": "/cgi-bin/getcallbackip", "errcode": 40001}])
    for _ in range(59):
        with pytest.raises(WeChatError) as caught:
            client.get("getcallbackip")
        assert caught.value.errcode == 40001
        later(1)
    assert asked(wechat, STABLE) - before <= 2
    client.close()
    http.close()
    store.close()


def test_the_lock_of_a_dead_process_ends_though_the_clock_was_set_back(
    store: Store, source: Source, still: Clock
) -> None:
    store.add("test:lock", b"dead", 30)
    still.advance(-3600)
    waiting = SharedValue(store, "test", source, budget=9, patience=30, clock=still, sleep=still.advance)
    assert waiting.get() == "t1"
    assert len(source.asked) == 1
