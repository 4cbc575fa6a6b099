"""What the sandbox keeps in memory, and that it forgets the oldest beyond that: it may run for weeks.

The limits are those of the documentation, reached in the world itself: over HTTP each would take minutes.
"""

import pytest

from wechat_sandbox.account import Account
from wechat_sandbox.behaviour import Behaviour
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.world.media import Content
from wechat_sandbox.world.oauth import ConsentRequest, Grant
from wechat_sandbox.world.shares_and_sms import Share
from wechat_sandbox.world.world import World


@pytest.fixture
def world() -> World:
    return World(Account(), Behaviour(), "http://127.0.0.1:1")


@pytest.fixture
def openid(world: World) -> str:
    return world.users.all()[0].openid


def test_a_chat_keeps_ten_thousand_messages(world: World, openid: str) -> None:
    for number in range(10_001):
        world.chat(openid).show("user", "message", "text", content=str(number))
    kept = [message.fields["content"] for message in world.chat(openid).messages]
    assert (len(kept), kept[0], kept[-1]) == (10_000, "1", "10000")


@pytest.mark.parametrize("name", ["calls", "deliveries"])
def test_a_journal_keeps_two_thousand_entries(world: World, name: str) -> None:
    journal = getattr(world, name)
    fields = {"method": "GET", "path": "/", "body": None, "status": 200, "response": {}}
    ids = [journal.write({"number": number, **fields}) for number in range(2001)]
    kept = journal.last(10_000)
    assert (len(kept), kept[0]["number"], kept[-1]["number"]) == (2000, 1, 2000)
    assert journal.get(ids[0]) is None
    assert journal.get(ids[1])["number"] == 1


def test_five_thousand_media_are_kept(world: World) -> None:
    ids = [world.media.add("image", Content(b"x", "image/png")).media_id for _ in range(5001)]
    with pytest.raises(WeChatError, match="media_id"):
        world.media.get(ids[0])
    assert world.media.find(ids[0]) is None
    assert world.media.get(ids[1]).media_id == ids[1]


def test_media_of_256_megabytes_are_kept(world: World) -> None:
    # The same bytes each time: they are counted, not copied.
    big = Content(bytes(64 << 20), "video/mp4")
    permanent = world.media.add_permanent("video", big, "a.mp4")
    ids = [world.media.add("video", big).media_id for _ in range(5)]
    assert world.media.find(ids[0]) is None
    assert all(world.media.find(media_id) for media_id in ids[1:])
    huge = world.media.add("video", Content(bytes(257 << 20), "video/mp4"))
    assert [media_id for media_id in ids if world.media.find(media_id)] == []
    assert world.media.get(huge.media_id), "the newest one is always there"
    assert world.media.get(permanent.media_id), "permanent ones are never forgotten"


def test_a_hundred_thousand_permanent_qr_codes_are_given(world: World) -> None:
    """Rule 36."""
    first = world.qrcodes.create(1, None)
    for scene in range(2, 100_001):
        world.qrcodes.create(scene, None)
    with pytest.raises(WeChatError) as refused:
        world.qrcodes.create(100_001, None)
    assert refused.value.errcode == 45029
    assert world.qrcodes.create(1, None) == first, "one that was given already is given again"
    assert world.qrcodes.create(100_001, 60), "temporary ones do not count"


def test_ten_thousand_codes_pages_and_sessions_are_kept(world: World, openid: str) -> None:
    app_id = world.account.app_id
    grant = Grant(app_id, openid, "u", "小明", "http://127.0.0.1:1/a", "snsapi_base")
    pages = [world.oauth.ask(ConsentRequest(openid, "http://127.0.0.1/", "")) for _ in range(10_001)]
    codes = [world.oauth.issue(grant) for _ in range(10_001)]
    with pytest.raises(WeChatError, match="invalid code"):
        world.oauth.exchange(codes[0], app_id)
    assert world.oauth.answered(pages[0]) is None
    assert world.oauth.answered(pages[1]) is not None
    first, *_ = [world.oauth.exchange(code, app_id) for code in codes[1:]]
    last = world.oauth.exchange(world.oauth.issue(grant), app_id)
    with pytest.raises(WeChatError, match="refresh_token"):
        world.oauth.refresh(first.refresh_token, app_id)
    with pytest.raises(WeChatError):
        world.oauth.session(first.access_token, openid)
    assert world.oauth.session(last.access_token, openid) is last


def test_five_hundred_shares_and_text_messages_are_kept(world: World, openid: str) -> None:
    for number in range(501):
        world.social.share(openid, Share(0.0, "小红", "timeline", str(number), "", "http://a/", ""))
        world.social.sms(None, "1", str(number))
    kept = world.social.inbox(openid)
    assert [item.to_json()["title"] for item in kept] == [str(number) for number in range(1, 501)]
    assert [message.text for message in world.social.messages] == [str(number) for number in range(1, 501)]


def test_two_thousand_steps_are_recorded(world: World, openid: str) -> None:
    user = world.users.get(openid)
    for number in range(2001):
        world.recorder.begin(0.0, user, {"type": "send", "body": {"content": str(number)}})
    steps = world.recorder.steps
    assert (len(steps), steps[0].act["body"]["content"]) == (2000, "1")


def test_one_step_records_a_thousand_calls_and_bubbles(world: World, openid: str) -> None:
    """A server that calls and calls while nobody does anything."""
    step = world.recorder.begin(0.0, world.users.get(openid), {"type": "send", "body": {}})
    for number in range(1001):
        world.calls.write({"method": "GET", "path": str(number), "body": None, "status": 200, "response": {}})
        world.chat(openid).show("account", "custom", "text", content=str(number))
    assert [call["path"] for call in step.calls] == [str(number) for number in range(1000)]
    assert [bubble["content"] for bubble in step.shown] == [str(number) for number in range(1000)]
