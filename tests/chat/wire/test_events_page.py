"""docs/events.md lists all types, events and attributes as they are in the code."""

from bot.chat.wire.messages import ALL_EVENTS, EXPECTED, EXPECTED_OF_EVENTS, MESSAGES
from tests.chat.wire.events_page import MEANINGS, page
from tests.launch import ROOT

RENEW = "run `.venv/bin/python -m tests.chat.wire.events_page > docs/events.md`"


def test_the_page_is_made_from_the_code() -> None:
    assert (ROOT / "docs" / "events.md").read_text(encoding="utf-8") == page(), RENEW


def test_the_page_explains_every_type_and_event() -> None:
    for name in (*MESSAGES, *ALL_EVENTS):
        assert f"`{name}`" in page() or name.startswith("subscribe_scan")
    ours = [
        name
        for name, typed in (MESSAGES | ALL_EVENTS).items()
        if typed.__module__ != "bot.chat.wire.elements"
    ]
    assert not set(MEANINGS) - set(MESSAGES) - set(ALL_EVENTS)
    assert not [name for name in ours if name in MEANINGS and name != "location"]


def test_only_what_exists_is_expected() -> None:
    assert set(EXPECTED) <= {*MESSAGES, "event"}
    assert set(EXPECTED_OF_EVENTS) <= set(ALL_EVENTS)
