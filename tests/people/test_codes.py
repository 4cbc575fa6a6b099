"""Codes by SMS: six digits, five minutes, five tries, one a minute, ten a day; on both stores."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.errors import CodeError, SmsError
from bot.people.codes import Codes, Pending
from bot.store import Store
from bot.store.limits import Limits
from tests.conftest import Clock, MakeConfig, RedisServer

PHONE, OTHER = "+8613800138000", "+8613900139000"


class Outbox:
    """A sender that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.fails = False

    def send(self, phone: str, code: str, text: str) -> None:
        if self.fails:
            raise SmsError("test", "Down")
        self.sent.append((phone, code, text))

    @property
    def code(self) -> str:
        return self.sent[-1][1]


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def codes(make_config: MakeConfig, store: Store, clock: Clock, outbox: Outbox) -> Codes:
    return Codes(make_config(), store, Limits(store), outbox, clock)


@pytest.fixture
def pass_time(request: pytest.FixtureRequest, clock: Clock) -> Callable[[float], None]:
    """Seconds pass: in SQLite by the clock, in Redis by making every key older."""

    def advance(seconds: float) -> None:
        clock.advance(seconds)
        if "redis" in request.node.name:
            server: RedisServer = request.getfixturevalue("redis_server")
            for key in list(server.client.scan_iter()):
                server.client.pexpire(key, max(0, int(server.client.pttl(key) - seconds * 1000)))

    return advance


def ask(codes: Codes, openid: str = "one", phone: str = PHONE, address: str = "10.0.0.1") -> None:
    codes.send(openid, phone, address, lambda code: f"code {code}")


def problem(act: Callable[[], object]) -> str:
    with pytest.raises(CodeError) as error:
        act()
    return error.value.reason


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_right_code_proves_the_phone_once(codes: Codes, outbox: Outbox) -> None:
    ask(codes)
    phone, code, text = outbox.sent[0]
    assert (phone, text) == (PHONE, f"code {code}")
    assert len(code) == 6
    assert code.isdecimal()
    assert codes.pending("one") == Pending(PHONE, 60)
    assert codes.check("one", code) == PHONE
    assert problem(lambda: codes.check("one", code)) == "expired"
    assert codes.pending("one") is None


def test_codes_are_random(codes: Codes, outbox: Outbox) -> None:
    for n in range(20):
        ask(codes, f"p{n}", f"+861380013{n:04d}", f"10.0.0.{n}")
    assert len({code for _, code, _ in outbox.sent}) > 15


def test_a_code_is_its_askers_and_nobody_elses(codes: Codes, outbox: Outbox) -> None:
    ask(codes)
    assert problem(lambda: codes.check("two", outbox.code)) == "expired"
    assert codes.check("one", outbox.code)


def test_a_code_lapses_after_five_minutes(
    codes: Codes, outbox: Outbox, pass_time: Callable[[float], None]
) -> None:
    ask(codes)
    pass_time(290)
    assert codes.pending("one")
    pass_time(10)
    assert problem(lambda: codes.check("one", outbox.code)) == "expired"


def test_five_wrong_tries_void_a_code(codes: Codes, outbox: Outbox) -> None:
    ask(codes)
    said = [problem(lambda: codes.check("one", wrong(outbox.code))) for _ in range(5)]
    assert said == ["wrong"] * 4 + ["tries"]
    assert problem(lambda: codes.check("one", outbox.code)) == "expired"


def test_a_thousand_tries_at_once_are_five(codes: Codes, outbox: Outbox) -> None:
    ask(codes)
    guesses = [f"{n:06d}" for n in range(120)]
    start = threading.Barrier(8)

    def guess(mine: list[str]) -> list[str]:
        start.wait()
        return [problem(lambda code=code: codes.check("one", code)) for code in mine if code != outbox.code]  # type: ignore[misc]

    with ThreadPoolExecutor(8) as pool:
        said = [word for words in pool.map(guess, [guesses[n::8] for n in range(8)]) for word in words]
    assert said.count("wrong") <= 4
    assert problem(lambda: codes.check("one", outbox.code)) == "expired"


@pytest.mark.parametrize("typed", ["", " ", "12345", "１２３４５６", "1234567", "é", "\ud800", "0" * 5000])
def test_anything_may_be_typed(codes: Codes, outbox: Outbox, typed: str) -> None:
    codes.make = lambda: "123456"
    ask(codes)
    assert problem(lambda: codes.check("one", typed)) == "wrong"


def test_the_right_code_twice_at_once_is_good_once(codes: Codes, outbox: Outbox) -> None:
    for n in range(10):
        ask(codes, f"p{n}", f"+861380013{n:04d}", f"10.0.0.{n}")
        code, start = outbox.code, threading.Barrier(4)

        def check(_: int, n: int = n, code: str = code, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                return bool(codes.check(f"p{n}", code))
            except CodeError:
                return False

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(check, range(4))) == [False, False, False, True]


def test_a_new_code_voids_the_one_before(
    codes: Codes, outbox: Outbox, pass_time: Callable[[float], None]
) -> None:
    codes.make = iter(["111111", "222222"]).__next__
    ask(codes)
    pass_time(60)
    ask(codes)
    assert problem(lambda: codes.check("one", "111111")) == "wrong"
    assert codes.check("one", "222222") == PHONE


def test_one_a_minute_for_a_number_and_for_an_address(
    codes: Codes, outbox: Outbox, pass_time: Callable[[float], None]
) -> None:
    ask(codes)
    assert problem(lambda: ask(codes, "two", PHONE, "10.0.0.2")) == "pause"
    assert problem(lambda: ask(codes, "two", OTHER, "10.0.0.1")) == "pause"
    ask(codes, "two", OTHER, "10.0.0.2")
    assert problem(lambda: ask(codes, "two", OTHER, "10.0.0.2")) == "pause"
    pass_time(60)
    ask(codes)
    assert len(outbox.sent) == 3


def test_ten_a_day_for_a_number(codes: Codes, outbox: Outbox, pass_time: Callable[[float], None]) -> None:
    for n in range(10):
        ask(codes, address=f"10.0.0.{n}")
        pass_time(60)
    assert problem(lambda: ask(codes, address="10.0.1.1")) == "quota"
    assert len(outbox.sent) == 10
    pass_time(86400 - 600)
    ask(codes, address="10.0.1.2")


def test_ten_a_day_for_an_address(codes: Codes, outbox: Outbox, pass_time: Callable[[float], None]) -> None:
    for n in range(10):
        ask(codes, f"p{n}", f"+861380013{n:04d}")
        pass_time(60)
    assert problem(lambda: ask(codes, "x", OTHER)) == "quota"
    ask(codes, "x", "+8613700137000", "10.0.0.9")


def test_one_a_minute_and_ten_a_day_for_a_person(
    codes: Codes, outbox: Outbox, pass_time: Callable[[float], None]
) -> None:
    """Whatever numbers they try, from wherever."""
    ask(codes, "one", "+8613800130000", "10.0.1.0")
    assert problem(lambda: ask(codes, "one", "+8613800130001", "10.0.1.1")) == "pause"
    for n in range(1, 10):
        pass_time(60)
        ask(codes, "one", f"+861380013{n:04d}", f"10.0.1.{n}")
    pass_time(60)
    assert problem(lambda: ask(codes, "one", "+8613800139999", "10.0.1.99")) == "quota"
    ask(codes, "two", "+8613800139999", "10.0.1.99")


def test_a_message_that_was_not_taken_costs_no_pause_and_leaves_no_code(codes: Codes, outbox: Outbox) -> None:
    outbox.fails = True
    with pytest.raises(SmsError):
        ask(codes)
    assert codes.pending("one") is None
    outbox.fails = False
    ask(codes)


def test_the_store_does_not_see_a_code(
    make_config: MakeConfig, clock: Clock, codes: Codes, outbox: Outbox, store: Store
) -> None:
    codes.make = lambda: "918273"
    ask(codes)
    kept = store.get("code:sms:one")
    assert kept
    assert b"918273" not in kept


def test_without_a_sender_nothing_is_sent(make_config: MakeConfig, store: Store, clock: Clock) -> None:
    codes = Codes(make_config(), store, Limits(store), None, clock)
    assert not codes.can_send
    assert problem(lambda: ask(codes)) == "no-sender"
