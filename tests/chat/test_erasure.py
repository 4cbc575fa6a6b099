"""Events after which WeChat requires that what is stored about a person is deleted."""

import pytest

from bot.chat import on
from bot.chat.replies.kinds import Text
from tests.chat.deliveries import OPENID
from tests.chat.desk import TALK, MakeDesk, returns

PERSON = f"<OpenID><![CDATA[{OPENID}]]></OpenID><AppID>wx</AppID><RevokeInfo>201</RevokeInfo>"
PLATFORM = "oUserOfThePlatform"


@pytest.mark.parametrize("name", ["user_authorization_revoke", "user_authorization_cancellation"])
@pytest.mark.parametrize("handled", [True, False])
def test_the_person_inside_the_event_is_forgotten_not_its_sender(
    make_desk: MakeDesk, name: str, handled: bool
) -> None:
    desk = make_desk(*TALK, *([on.event(name, returns(RuntimeError()))] if handled else []))
    bindings = desk.parts.chat.erasure._account.people.bindings
    for openid, phone in ((OPENID, "+8613800138000"), (PLATFORM, "+8613800138001")):
        desk.text("start", openid=openid)
        desk.conversations.keep(openid, Text("kept"), "a message")
        assert bindings.bind(openid, phone)
    desk.event(name, PERSON, openid=PLATFORM)
    assert desk.conversations.asked(OPENID) is None
    assert desk.conversations.kept(OPENID, "next", again=False) is None
    assert bindings.of(OPENID) is None
    assert desk.conversations.asked(PLATFORM)
    assert bindings.of(PLATFORM)


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("user_info_modified", PERSON),
        ("user_authorization_revoke", ""),
        ("user_authorization_revoke", "<OpenID></OpenID>"),
        ("user_authorization_revoke", "<OpenID><a>1</a></OpenID>"),
        ("new_event", PERSON),
    ],
)
def test_nobody_is_forgotten_otherwise(make_desk: MakeDesk, name: str, inner: str) -> None:
    desk = make_desk(*TALK)
    for openid in (OPENID, PLATFORM):
        desk.text("start", openid=openid)
    assert desk.event(name, inner, openid=PLATFORM).reply == b""
    assert desk.conversations.asked(OPENID)
    assert desk.conversations.asked(PLATFORM)


def test_a_text_cannot_pretend_to_be_such_an_event(make_desk: MakeDesk) -> None:
    desk = make_desk(*TALK)
    desk.text("start")
    event = f"<MsgType>event</MsgType><Event>user_authorization_revoke</Event>{PERSON}"
    desk.text(f"]]></Content>{event}<Content><![CDATA[", openid=PLATFORM)
    assert desk.conversations.asked(OPENID)
