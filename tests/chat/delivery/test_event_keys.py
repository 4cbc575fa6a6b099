"""The key of an event is made once, from the delivery: what a handler reads or changes does not matter."""

import pytest

from bot.chat import on
from bot.chat.router import Chat
from bot.chat.wire import messages, xml
from tests.chat.desk import Killed, MakeDesk, be_killed, pushed
from tests.conftest import Clock, as_account
from tests.launch import Sandbox

# An event without EventKey: all its other elements are part of its key. Both lack elements that attributes
# of the typed class read.
EVENTS = {
    "LOCATION": "<Latitude>1.5</Latitude>",
    "MASSSENDJOBFINISH": "<MsgID>1</MsgID>",
    "PUBLISHJOBFINISH": "<PublishEventInfo><publish_id>1</publish_id></PublishEventInfo>",
    "user_scan_product": "<KeyStr>1</KeyStr>",
    "new_event": "<a>1</a>",
}


def read_and_change(chat: Chat) -> str:
    """Read every attribute, and change what can be changed."""
    for name in dir(type(chat.message)):
        if not name.startswith("__"):
            getattr(chat.message, name)
    chat.fields["Latitude"] = "2"
    chat.fields.clear()
    chat.message.source = "someone"
    return f"at {chat.message.type}"


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("slow", [True, False], ids=["slow route", "took over from the dead"])
def test_the_reply_of_a_killed_slow_event_handler_comes_once(
    make_desk: MakeDesk, wechat: Sandbox, follower: str, clock: Clock, name: str, slow: bool
) -> None:
    runs: list[str] = []

    def handler(chat: Chat) -> str:
        runs.append(chat.openid)
        return read_and_change(chat)

    desk = make_desk(on.event(name, handler, slow=slow), **as_account(wechat))
    desk.wake = lambda job_id: None
    body = desk.wechat.event(name, EVENTS[name], openid=follower, created=int(clock.now))
    key = messages.read(xml.parse(body.encode())).key
    if not slow:
        desk.store.put(key, b"Rdead", 60)
    desk.clockwork.meanwhile = [be_killed]
    with pytest.raises(Killed):
        desk.deliver(body)
    desk.perform(key)
    assert runs == [follower]
    # The process that noted the reply in time has been killed, too. Another one reads the job again.
    clock.advance(2)
    assert desk.outbox.overdue() == [key]
    desk.perform(key)
    assert len(pushed(wechat, follower)) == 1
    assert desk.deliver(body).reply == b""
    assert runs == [follower]
    assert desk.outbox.all() == []


def test_a_handler_gets_a_copy_of_the_elements(make_desk: MakeDesk) -> None:
    seen: list[dict[str, object]] = []

    def handler(chat: Chat) -> None:
        chat.fields["a"]["b"] = "changed"
        seen.append(chat.fields)

    desk = make_desk(on.event("new_event", handler))
    desk.event("new_event", "<a><b>1</b></a><c>2</c><c>3</c>")
    assert (seen[0]["a"], seen[0]["c"], seen[0]["Event"]) == ({"b": "1"}, ["2", "3"], "new_event")
