"""Mistakes in handlers/ are said at start, by the name of the entry, and not found by users."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest

import handlers
from bot.chat import on
from bot.chat.route_check import has_page, review
from bot.chat.router import Chat
from bot.errors import HandlersError


def greet(chat: Chat) -> str:
    return "hi"


async def wait(chat: Chat) -> str:
    return "hi"


async def wait_twice(chat: Chat) -> AsyncIterator[str]:
    yield "hi"


def say_twice(chat: Chat) -> Iterator[str]:
    yield "hi"
    yield "there"


class Waiter:
    async def __call__(self, chat: Chat) -> str:
        return "hi"


class Orders:
    def GET(self) -> str:
        return ""


class Mute:
    def get(self) -> str:
        return ""


def faults(chat: list[Any], pages: list[Any] | None = None) -> list[str]:
    try:
        review(chat, pages or [])
    except HandlersError as error:
        return error.faults
    return []


def test_the_shipped_handlers_have_no_faults() -> None:
    assert faults(handlers.CHAT, handlers.PAGES) == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (on.text("营业时间", "not callable"), ["on.text('营业时间', …)", "'not callable'", "function"]),  # type: ignore[arg-type]
        (on.click("KEY", None), ["on.click('KEY', …)", "None"]),  # type: ignore[arg-type]
        (on.message("picture", greet), ["on.message('picture', …)", "image", "location"]),
        (greet, ["entry 2", "greet", "on.text(…, greet)"]),
        (on.clicks({"KEY": greet}), ["entry 2", "*on.clicks"]),
        (None, ["entry 2", "None"]),
        (on.click("KEY", wait), ["on.click('KEY', …)", "test_route_check.wait", "def without async"]),
        (on.click("KEY", partial(wait_twice)), ["test_route_check.wait_twice", "def without async"]),
        (on.click("KEY", Waiter()), ["test_route_check.Waiter", "def without async"]),
        (on.click("KEY", say_twice, inline=True), ["test_route_check.say_twice", "leave out inline=True"]),
        (on.click("KEY", greet, inline=True, ordered=True), ["inline=True excludes", "ordered=True"]),
    ],
    ids=[
        "handler is a text",
        "handler is None",
        "unknown type",
        "no route",
        "list in the list",
        "None",
        "async",
        "async generator",
        "async object",
        "yields inline",
        "ordered inline",
    ],
)
def test_a_mistake_in_chat_names_its_entry_and_the_way_out(entry: Any, words: list[str]) -> None:
    (fault,) = faults([on.anything(greet), entry])
    assert all(word in fault for word in ["CHAT", *words]), fault


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("orders", Orders), ["'orders'", "begins with /"]),
        (("/orders", "Orders"), ["'/orders'", "'Orders'", "without quotes"]),
        (("/orders", Orders()), ["'/orders'", "no class"]),
        (("/orders", Mute), ["'/orders'", "Mute", "GET"]),
        (("/orders/(", Orders), ["'/orders/('", "regular expression"]),
        (Orders, ["entry 1", "(path, class)"]),
    ],
    ids=["no slash", "class in quotes", "object", "no GET", "broken pattern", "no pair"],
)
def test_a_mistake_in_pages_names_its_entry_and_the_way_out(entry: Any, words: list[str]) -> None:
    (fault,) = faults([], [entry])
    assert all(word in fault for word in ["PAGES", *words]), fault


def test_all_faults_come_at_once() -> None:
    assert len(faults([greet, on.message("picture", 5)], [("a", "A")])) == 5  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("link", "is_there"),
    [
        ("/orders/7?tab=1#end", True),
        ("/orders/", False),
        ("/orders/7/more", False),
        ("/%E5%BA%97", True),
        ("/店", True),
        ("/static/leaflet.html", True),
        ("/", False),
    ],
)
def test_a_link_is_one_of_the_pages_or_none(link: str, is_there: bool) -> None:
    assert has_page([(r"/orders/(\d+)", Orders), ("/店", Orders)], link) is is_there
