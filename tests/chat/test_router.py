"""Which handler gets a message: every kind of route, in listed order, the first that matches."""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.chat import on
from bot.chat.conversation import Conversations
from bot.chat.replies.returned import Ask
from bot.chat.router import Chat, Route, Router, Visit
from bot.chat.wire import messages, xml
from bot.chat.wire.messages import Incoming
from bot.store import Store, open_store
from tests import account
from tests.chat.deliveries import message
from tests.conftest import APP_ID, Clock

ACCOUNT = "gh_1"


def incoming(msg_type: str, inner: str) -> Incoming:
    return messages.read(xml.parse(message(msg_type, inner, account=ACCOUNT).encode()))


def text(content: str) -> Incoming:
    return incoming("text", f"<Content><![CDATA[{content}]]></Content><MsgId>1</MsgId>")


def event(name: str, event_key: str = "") -> Incoming:
    return incoming("event", f"<Event>{name}</Event><EventKey><![CDATA[{event_key}]]></EventKey>")


def handler(chat: Chat, *captures: Any) -> None:
    """Routes are only looked at here."""


@pytest.fixture
def store(clock: Clock) -> Iterator[Store]:
    store = open_store("sqlite:///:memory:", clock, app_id=APP_ID)
    yield store
    store.close()


@pytest.fixture
def conversations(store: Store) -> Conversations:
    return Conversations(store)


def captures(route: Route, of: Incoming, conversations: Conversations) -> tuple[Any, ...] | None:
    match = Router([route], conversations).find(of)
    return match.captures if match else None


@pytest.mark.parametrize(
    ("route", "of", "expected"),
    [
        (on.text("帮助", handler), text("帮助"), ()),
        (on.text("help", handler), text("  HELP\n"), ()),
        (on.text("help", handler), text("help me"), None),
        (on.text(["a", "b"], handler), text("b"), ()),
        (on.text("a.c", handler), text("abc"), None),
        (on.text(re.compile(r"慢 (\d+)"), handler), text("慢 12"), ("12",)),
        (on.text(re.compile(r"慢 (\d+)"), handler), text("慢 12 秒"), None),
        (on.text(re.compile(r"(a)(b)?"), handler), text("a"), ("a", None)),
        (on.text(["x", re.compile("(y)")], handler), text("y"), ("y",)),
        (on.text("", handler), text("x"), None),
        (on.text("subscribe", handler), event("subscribe"), None),
        (on.message("text", handler), text("x"), ()),
        (on.message("image", handler), text("x"), None),
        (on.message("image", handler), incoming("image", "<MediaId>m</MediaId><MsgId>1</MsgId>"), ()),
        (on.message("sticker", handler), incoming("sticker", "<MsgId>1</MsgId>"), ()),
        (on.message("event", handler), event("subscribe"), None),
        (on.event("subscribe", handler), event("subscribe"), ()),
        (on.event("subscribe", handler), event("subscribe", "qrscene_1"), ()),
        (on.event("location", handler), event("LOCATION"), ()),
        (on.event("location", handler),
         incoming("location", "<Location_X>1</Location_X><Location_Y>1</Location_Y><MsgId>1</MsgId>"), None),
        (on.event("debug_demo", handler), event("debug_demo"), ()),
        (on.event("subscribe", handler), event("unsubscribe"), None),
        (on.click("a", handler), event("CLICK", "a"), ()),
        (on.click("a", handler), event("CLICK", "A"), None),
        (on.click("a", handler), event("VIEW", "a"), None),
        (on.click("a", handler), event("SCAN", "a"), None),
        (on.click("a", handler), text("a"), None),
        (on.click("a", handler), event("scancode_waitmsg", "a"), ()),
        (on.click("a", handler), event("location_select", "a"), ()),
        (on.scene("123", handler), event("SCAN", "123"), ()),
        (on.scene("123", handler), event("subscribe", "qrscene_123"), ()),
        (on.scene("123", handler), event("SCAN", "qrscene_123"), None),
        (on.scene("123", handler), event("subscribe", "123"), None),
        (on.scene(re.compile("login-(.+)"), handler), event("subscribe", "qrscene_login-x"), ("x",)),
        (on.scene(re.compile("(qrscene_.*)"), handler), event("subscribe", "qrscene_qrscene_1"),
         ("qrscene_1",)),
        (on.scene("123", handler), event("CLICK", "123"), None),
        (on.anything(handler), text("x"), ()),
        (on.anything(handler), incoming("file", "<MsgId>1</MsgId>"), ()),
        (on.anything(handler), incoming("sticker", "<MsgId>1</MsgId>"), None),
        (on.anything(handler), event("subscribe"), None),
        (on.anything(handler), event("debug_demo"), None),
    ],
)  # fmt: skip
def test_a_route_matches_its_messages_and_captures_from_them(
    route: Route, of: Incoming, expected: tuple[Any, ...] | None, conversations: Conversations
) -> None:
    assert captures(route, of, conversations) == expected


def test_the_first_route_that_matches_wins(conversations: Conversations) -> None:
    routes = [
        on.text("a", handler),
        on.text(re.compile("(a|b)"), handler),
        on.message("text", handler),
        on.anything(handler),
    ]
    router = Router(routes, conversations)

    def position(of: Incoming) -> int | None:
        match = router.find(of)
        return None if match is None else routes.index(match.route)

    assert [position(text(typed)) for typed in "abc"] == [0, 1, 2]
    assert position(incoming("voice", "<MediaId>m</MediaId><MsgId>1</MsgId>")) == 3
    assert position(event("subscribe")) is None


def test_clicks_makes_a_route_for_every_key(conversations: Conversations) -> None:
    routes = on.clicks({"a": handler, "b": handler})
    assert [route.click_key for route in routes] == ["a", "b"]
    assert captures(routes[1], event("CLICK", "b"), conversations) == ()


def test_a_route_is_named_after_its_handlers_module_and_function() -> None:
    assert on.text("a", handler).name == "test_router.handler"


class Greeter:
    def __call__(self, chat: Chat) -> None: ...

    def greet(self, chat: Chat) -> None: ...


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: functools.partial(handler, 1), "handler"),
        (lambda: functools.partial(functools.partial(handler, 1), 2), "handler"),
        (Greeter, "Greeter"),
        (lambda: functools.partial(Greeter()), "Greeter"),
        (lambda: Greeter().greet, "greet"),
    ],
)
def test_a_handler_that_is_no_function_is_found_again_in_another_process(
    make: Callable[[], Any], name: str, conversations: Conversations
) -> None:
    one, other = (Router([on.text("a", make()), on.text("b", make())], conversations) for _ in range(2))
    match = one.find(text("b"))
    assert match is not None
    assert match.place == f"test_router.{name}#1"
    again = other.again(match.place, match.captures)
    assert again is not None
    assert again.route.match(Visit(text("b"), conversations)) == ()


# -- questions


def test_the_next_message_after_a_question_goes_to_its_answer_with_the_askers_data(
    conversations: Conversations,
) -> None:
    route = on.answer("age", handler)
    assert captures(route, text("30"), conversations) is None, "nothing was asked"
    conversations.ask("someone-else", Ask("?", "age"))
    conversations.ask(text("30").openid, Ask("?", "age", {"name": "小明"}))
    assert captures(route, text("30"), conversations) == ({"name": "小明"},)
    assert captures(route, text("30"), conversations) is None, "one question, one answer"


def test_of_two_messages_that_both_saw_the_question_one_gets_it(conversations: Conversations) -> None:
    conversations.ask(text("x").openid, Ask("?", "age"))
    route = on.answer("age", handler)
    one, two = Visit(text("x"), conversations), Visit(text("y"), conversations)
    assert one.question == two.question is not None
    assert [route.match(one), route.match(two)] == [({},), None]


def test_a_question_waits_for_its_own_route_and_not_for_events(conversations: Conversations) -> None:
    conversations.ask(text("x").openid, Ask("?", "age"))
    assert captures(on.answer("name", handler), text("x"), conversations) is None
    assert captures(on.answer("age", handler), event("CLICK", "a"), conversations) is None
    assert captures(on.answer("age", handler), text("x"), conversations) == ({},)


def test_an_answer_may_be_a_picture(conversations: Conversations) -> None:
    image = incoming("image", "<MediaId>m</MediaId><MsgId>1</MsgId>")
    conversations.ask(image.openid, Ask("?", "photo"))
    assert captures(on.answer("photo", handler), image, conversations) == ({},)


def test_a_question_lapses(conversations: Conversations, clock: Clock) -> None:
    conversations.ask(text("x").openid, Ask("?", "age", seconds=60))
    clock.advance(59)
    assert conversations.asked(text("x").openid) is not None
    clock.advance(1)
    assert captures(on.answer("age", handler), text("x"), conversations) is None


def test_a_new_question_replaces_the_old_one(conversations: Conversations) -> None:
    openid = text("x").openid
    conversations.ask(openid, Ask("?", "first"))
    conversations.ask(openid, Ask("?", "second"))
    assert captures(on.answer("first", handler), text("x"), conversations) is None
    assert captures(on.answer("second", handler), text("x"), conversations) == ({},)


# -- the example bot


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (event("subscribe"), "chat.greet"),
        (event("subscribe", "qrscene_1"), "chat.greet"),
        (event("unsubscribe"), "chat.goodbye"),
        (event("CLICK", "wx_qr_code"), "menu.wx_qr_code"),
        (event("CLICK", "wb_qr_code"), "menu.wb_qr_code"),
        (text("帮助"), "chat.show_help"),
        (text("Help"), "chat.show_help"),
        (text("慢 8"), "chat.wait"),
        (text("slow8"), "chat.wait"),
        (text("慢"), "chat.echo"),
        (text("别的"), "chat.echo"),
        (incoming("image", "<MediaId>m</MediaId><MsgId>1</MsgId>"), "chat.same_image"),
        (incoming("voice", "<MediaId>m</MediaId><MsgId>1</MsgId>"), "chat.same_voice"),
        (incoming("link", "<Url>u</Url><MsgId>1</MsgId>"), "chat.fallback"),
        (event("debug_demo"), None),
        (event("VIEW", "http://x"), None),
    ],
)
def test_the_example_bot_sends_each_message_where_it_belongs(
    of: Incoming, name: str | None, conversations: Conversations
) -> None:
    match = Router(account.CHAT, conversations).find(of)
    assert (match.route.name if match else None) == name
