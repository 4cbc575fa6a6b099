"""Mistakes in CHAT are said at start, by the name of the entry, and not found by users."""

import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest

from bot.chat import on
from bot.chat.route_check import route_faults
from bot.chat.router import Chat


def greet(chat: Chat) -> str:
    return "hi"


def find(chat: Chat, number: str) -> str:
    return number


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


def find_two(chat: Chat, number: str, colour: str = "red") -> str:
    return number + colour


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (on.text("营业时间", "not callable"), ["on.text('营业时间', …)", "'not callable'", "function"]),  # type: ignore[arg-type]
        (on.click("KEY", None), ["on.click('KEY', …)", "None"]),  # type: ignore[arg-type]
        (on.message("picture", greet), ["on.message('picture', …)", "image", "location"]),
        (on.message("text", greet, inline=True, slow=True), ["on.message('text', …)", "inline=True"]),
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
        "inline and slow",
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
    (fault,) = route_faults([on.anything(greet), entry])
    assert all(word in fault for word in ["CHAT", *words]), fault


@pytest.mark.parametrize(
    "text",
    [
        r"查 (\w+)", r"\d+", "订单.*", ".+", "(查|找)", "[a-z]+", "[0-9]{6}", "帮助|help", "^你好$",
        "(?i)help", "(查)?订单",
    ],
)  # fmt: skip
def test_a_plain_text_that_is_meant_as_an_expression_is_refused(text: str) -> None:
    handler = greet if not re.compile(text).groups else find
    (fault,) = route_faults([on.text(text, lambda chat: "")])
    assert repr(text) in fault
    assert "re.compile" in fault
    assert not list(route_faults([on.text(re.compile(text), handler)]))
    assert not list(route_faults([on.text(re.compile(re.escape(text)), greet)]))


@pytest.mark.parametrize(
    "text",
    [
        "帮助", "help?", "C++", "(^_^)", ":-)", "¥100", "1+1", "a.b.c", "[图片]", "^_^", "在吗？", "$", "*",
        "100%", "你好(谢谢)", "\\o/", "...", "|",
    ],
)  # fmt: skip
def test_what_people_type_is_no_expression(text: str) -> None:
    assert not list(route_faults([on.text(text, greet)]))


@pytest.mark.parametrize(
    ("route", "fits"),
    [
        (on.text(re.compile("查 (.+)"), greet), False),
        (on.text(re.compile("查 (.+)"), find), True),
        (on.text(re.compile("查 (.+) (.+)"), find), False),
        (on.text([re.compile("查 (.+)"), re.compile("(.+) (.+)")], find_two), True),
        (on.text([re.compile("查 (.+)"), "查"], find), False),
        (on.text("查", find), False),
        (on.text("查", find_two), False),
        (on.text("查", partial(find, number="7")), True),
        (on.text("查", lambda: "hi"), False),  # type: ignore[misc]
        (on.text("查", lambda *all: "hi"), True),
        (on.message("image", find), False),
        (on.event("subscribe", find), False),
        (on.click("KEY", find), False),
        (on.scene("a", find), False),
        (on.scene(re.compile("a-(.+)"), find), True),
        (on.answer("name", greet), False),
        (on.answer("name", find), True),
        (on.anything(find), False),
    ],
)
def test_captures_must_fit_the_parameters_of_the_handler(route: Any, fits: bool) -> None:
    faults = list(route_faults([route]))
    assert (faults == []) is fits
    assert fits or all(word in faults[0] for word in (route.label, route.name, "calls it with chat"))


def test_all_faults_come_at_once() -> None:
    assert len(list(route_faults([greet, on.message("picture", 5)]))) == 3  # type: ignore[arg-type]
