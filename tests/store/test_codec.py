"""The codec of stored records, and records of other versions."""

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.outbox import Job
from bot.oauth.session import Session
from bot.oauth.visitor import Visitor
from bot.people.bindings import Binding
from bot.people.logins import Login
from bot.store.codec import dump, load

TEXT = st.text()
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0
    names: list[str] = field(default_factory=list)


@given(st.builds(Binding, openid=TEXT, phone=TEXT, unionid=TEXT, since=NUMBER))
def test_what_was_dumped_is_loaded(binding: Binding) -> None:
    assert load(Binding, dump(binding)) == binding


def test_nested_records_are_loaded() -> None:
    session = Session(Visitor("o1", "snsapi_base", nickname="小明"), 1.0, 2.0)
    assert load(Session, dump(session)) == session


@pytest.mark.parametrize(
    "record",
    [
        Binding("o1", "+8613800138000", "u1", 1.0),
        Session(Visitor("o1", "snsapi_base"), 1.0, 2.0),
        Visitor("o1", "snsapi_userinfo", "小明", "http://x/y", "u1", is_proven=True, proven_at=3.0),
        Login("id", "browser", "1.2.3.4", "Chrome", "/", 1.0),
        Job("id", "run", {"fields": {}}, created=1.0),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_newer_versions_field_is_ignored(record: object) -> None:
    stored = json.dumps(json.loads(dump(record)) | {"added_later": [1, {"a": 2}]}).encode()
    assert load(type(record), stored) == record


def test_a_field_that_an_older_version_did_not_have_gets_its_default() -> None:
    assert load(Point, b'{"x": 1}') == Point(1)
    assert load(Visitor, b'{"openid": "o1", "scope": "snsapi_base"}') == Visitor("o1", "snsapi_base")
    assert load(Job, b'{"id": "a", "kind": "run", "work": {}}') == Job("a", "run", {})


def test_a_list_holds_the_first_fields() -> None:
    assert load(Point, b"[1, 2]") == Point(1, 2)
    assert load(Point, b"[1]") == Point(1)


def test_what_is_neither_json_nor_a_dataclass_is_refused() -> None:
    class Cart:
        items = 1

    with pytest.raises(TypeError, match="Cart cannot be stored"):
        dump(Point(1, names=[Cart()]))  # type: ignore[list-item]


@pytest.mark.parametrize("stored", [b"{}", b"[]", b'{"y": 1}', b"7", b'"x"', b"null", b"", b"{", b"\xff"])
def test_what_is_no_record_is_an_error(stored: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        load(Point, stored)
