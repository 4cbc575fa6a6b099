"""Every message and event of protocol §2.1 and §2.2 becomes a typed object; every delivery of one has its
key, which no other has."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.wire import messages, xml
from bot.chat.wire.messages import Incoming
from tests.chat.deliveries import OPENID, message, status

ACCOUNT = "gh_d049d0472d74"


def read(body: str) -> Incoming:
    return messages.read(xml.parse(body.encode()))


def of(msg_type: str, inner: str, openid: str = OPENID, created: int = 1662522877) -> Incoming:
    return read(message(msg_type, inner, account=ACCOUNT, openid=openid, created=created))


def event(name: str, inner: str = "", **header: Any) -> Incoming:
    return of("event", f"<Event><![CDATA[{name}]]></Event>{inner}", **header)


MEDIA = "AQrb7Sk-JYMgDd0WK2IHJ6eMp2AgOyGwji3MQKDe4axZDcGDxGxtA4PzIsvtrMha"
TICKET = "<Ticket><![CDATA[TICKET]]></Ticket>"


def key(text: str) -> str:
    return f"<EventKey><![CDATA[{text}]]></EventKey>"


MESSAGES = [
    ("text", "<Content><![CDATA[你好]]></Content><MsgId>23801603303036899</MsgId>",
     {"content": "你好", "id": 23801603303036899, "menu_id": "", "article_index": 0}),
    ("text", "<Content><![CDATA[满意]]></Content><MsgId>1</MsgId><bizmsgmenuid>101</bizmsgmenuid>",
     {"content": "满意", "menu_id": "101"}),
    ("text", "<Content>t</Content><MsgId>1</MsgId><MsgDataId>xxxx</MsgDataId><Idx>1</Idx>",
     {"article_id": "xxxx", "article_index": 1}),
    ("image", f"<PicUrl><![CDATA[http://mmbiz.qpic.cn/mmbiz_jpg/XXXX/0]]></PicUrl><MsgId>2</MsgId>"
     f"<MediaId><![CDATA[{MEDIA}]]></MediaId>",
     {"image": "http://mmbiz.qpic.cn/mmbiz_jpg/XXXX/0", "media_id": MEDIA}),
    ("voice", "<MediaId>m</MediaId><Format><![CDATA[amr]]></Format><MsgId>3</MsgId>"
     "<Recognition><![CDATA[]]></Recognition>",
     {"media_id": "m", "format": "amr", "media_id_16k": ""}),
    ("voice", "<MediaId>m</MediaId><Format>amr</Format><MsgId>3</MsgId><MediaId16K>m16</MediaId16K>"
     "<Recognition>你好</Recognition>",
     {"media_id_16k": "m16", "recognition": "你好"}),
    ("video", "<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId><MsgId>4</MsgId>",
     {"media_id": "m", "thumb_media_id": "t"}),
    ("shortvideo", "<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId><MsgId>5</MsgId>",
     {"media_id": "m", "thumb_media_id": "t"}),
    ("location", "<Location_X>39.909092</Location_X><Location_Y>116.481995</Location_Y><Scale>15</Scale>"
     "<Label><![CDATA[朝阳区建国路77号]]></Label><MsgId>6</MsgId>",
     {"latitude": 39.909092, "longitude": 116.481995, "scale": "15", "label": "朝阳区建国路77号"}),
    ("link", "<Title>t</Title><Description>d</Description><Url>http://mp.weixin.qq.com/s</Url><MsgId>7</MsgId>",
     {"title": "t", "description": "d", "url": "http://mp.weixin.qq.com/s"}),
    ("file", "<Title>a.pdf</Title><Description>d</Description><FileKey>k</FileKey><FileMd5>5</FileMd5>"
     "<FileTotalLen>10</FileTotalLen><MsgId>8</MsgId>",
     {"title": "a.pdf", "file_key": "k", "md5": "5", "size": 10}),
]  # fmt: skip

PICS = (
    "<SendPicsInfo><Count>1</Count><PicList><item><PicMd5Sum>1b5f</PicMd5Sum></item></PicList></SendPicsInfo>"
)
PLACE = (
    "<SendLocationInfo><Location_X><![CDATA[23]]></Location_X><Location_Y><![CDATA[113]]></Location_Y>"
    "<Scale><![CDATA[15]]></Scale><Label><![CDATA[广州市]]></Label><Poiname><![CDATA[]]></Poiname>"
    "</SendLocationInfo>"
)


def code(result: str) -> str:
    return f"<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>{result}</ScanResult></ScanCodeInfo>"


EVENTS = [
    ("subscribe", "", {}, None),
    ("subscribe", key(""), {}, None),
    ("unsubscribe", key(""), {}, None),
    ("subscribe", key("qrscene_123123") + TICKET, {"scene_id": "123123", "ticket": "TICKET"}, "123123"),
    ("SCAN", key("123123") + TICKET, {"scene_id": "123123", "ticket": "TICKET"}, "123123"),
    ("LOCATION", "<Latitude>23.137466</Latitude><Longitude>113.352425</Longitude>"
     "<Precision>119.385040</Precision>",
     {"latitude": 23.137466, "longitude": 113.352425, "precision": 119.38504}, None),
    ("CLICK", key("EVENTKEY"), {"key": "EVENTKEY"}, None),
    ("VIEW", key("http://www.qq.com") + "<MenuId>449778320</MenuId>",
     {"url": "http://www.qq.com", "menu_id": "449778320"}, None),
    ("scancode_push", key("6") + code("1"), {"key": "6", "scan_type": "qrcode", "scan_result": "1"}, None),
    ("scancode_waitmsg", key("6") + code("2"), {"key": "6", "scan_result": "2"}, None),
    ("pic_sysphoto", key("6") + PICS, {"key": "6", "pictures": ["1b5f"]}, None),
    ("pic_photo_or_album", key("6") + PICS, {"pictures": ["1b5f"]}, None),
    ("pic_weixin", key("6") + PICS, {"pictures": ["1b5f"]}, None),
    ("location_select", key("6") + PLACE,
     {"key": "6", "location_x": "23", "location_y": "113", "scale": "15", "label": "广州市", "poiname": ""},
     None),
    ("view_miniprogram", key("pages/index/index") + "<MenuId>MENUID</MenuId>",
     {"path": "pages/index/index", "menu_id": "MENUID"}, None),
]  # fmt: skip


def fields(typed: object, names: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(typed, name) for name in names}


@pytest.mark.parametrize(("msg_type", "inner", "expected"), MESSAGES)
def test_every_message_is_typed(msg_type: str, inner: str, expected: dict[str, Any]) -> None:
    incoming = of(msg_type, inner)
    assert fields(incoming.message, expected) == expected
    assert (incoming.msg_type, incoming.event, incoming.known) == (msg_type, "", True)
    assert incoming.message.source == incoming.openid == OPENID
    assert incoming.message.target == incoming.account == ACCOUNT
    assert incoming.message.type == msg_type


@pytest.mark.parametrize(("name", "inner", "expected", "scene"), EVENTS)
def test_every_event_is_typed(name: str, inner: str, expected: dict[str, Any], scene: str | None) -> None:
    incoming = event(name, inner)
    assert fields(incoming.message, expected) == expected
    assert (incoming.msg_type, incoming.event, incoming.known) == ("event", name, True)
    assert incoming.scene == scene
    assert incoming.message.source == OPENID


@pytest.mark.parametrize("count", [0, 2, 3])
def test_several_pictures_are_listed_whatever_count_says(count: int) -> None:
    items = "".join(f"<item><PicMd5Sum>{n}</PicMd5Sum></item>" for n in range(2))
    info = f"<SendPicsInfo><Count>{count}</Count><PicList>{items}</PicList></SendPicsInfo>"
    assert event("pic_weixin", key("6") + info).message.pictures == ["0", "1"]
    empty = "<SendPicsInfo><Count>0</Count><PicList></PicList></SendPicsInfo>"
    assert event("pic_weixin", key("6") + empty).message.pictures == []


def test_a_text_comes_with_its_white_space_and_without_control_characters() -> None:
    assert of("text", "<Content> a\x00\x1d\n</Content><MsgId>1</MsgId>").text == " a\n"


@pytest.mark.parametrize("msg_type", ["sticker", "TEXT2"])
def test_an_unknown_type_passes_as_unknown(msg_type: str) -> None:
    assert not of(msg_type, "<MsgId>1</MsgId>").known
    assert not of(msg_type, "").known, "also without an id"


def test_an_unknown_event_passes_as_unknown_and_its_fields_can_be_read() -> None:
    incoming = event("new_event", "<new_str>hello</new_str>")
    assert not incoming.known
    assert incoming.event == "new_event"
    assert incoming.fields["new_str"] == "hello"


TEXT = "<Content>x</Content><MsgId>1</MsgId>"


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (message("text", TEXT, account=ACCOUNT, openid=" "), ("FromUserName",)),
        (message("", TEXT, account=ACCOUNT), ("MsgType",)),
        (message("text", TEXT, account=ACCOUNT).replace("1662522877", "soon"), ("CreateTime",)),
        (message("text", "<MsgId>1</MsgId>", account=ACCOUNT), ("Content",)),
        (message("text", "<Content>x</Content>", account=ACCOUNT), ("MsgId",)),
        (message("text", "<Content>x</Content><MsgId></MsgId>", account=ACCOUNT), ("MsgId",)),
        (message("text", "<Content>x</Content><MsgId>0</MsgId>", account=ACCOUNT), ("MsgId",)),
        (message("text", "<Content>x</Content><MsgId>1x</MsgId>", account=ACCOUNT), ("MsgId",)),
        (message("text", "<Content>x</Content><MsgId>-1</MsgId>", account=ACCOUNT), ("MsgId",)),
        (message("text", "<Content>x</Content><MsgId>٣</MsgId>", account=ACCOUNT), ("MsgId",)),
        (message("text", "<MsgId><b>1</b></MsgId>", account=ACCOUNT), ("Content", "MsgId")),
        (message("image", "<PicUrl>x</PicUrl><MsgId>1</MsgId>", account=ACCOUNT), ("MediaId",)),
        (message("voice", "<MsgId>1</MsgId>", account=ACCOUNT), ("MediaId", "Format")),
        (message("location", "<Location_X>1</Location_X><MsgId>1</MsgId>", account=ACCOUNT),
         ("Location_Y", "Scale", "Label")),
        (message("link", "<Title>t</Title><MsgId>1</MsgId>", account=ACCOUNT), ("Description", "Url")),
        (message("event", "", account=ACCOUNT), ("Event",)),
        (message("event", "<Event>CLICK</Event>", account=ACCOUNT), ("EventKey",)),
        (message("event", "<Event>scancode_push</Event><EventKey>6</EventKey>", account=ACCOUNT),
         ("ScanCodeInfo",)),
        (message("event", f"<Event>location_select</Event>{key('6')}"
                 + PLACE.replace("<Poiname><![CDATA[]]></Poiname>", ""), account=ACCOUNT), ("Poiname",)),
        (message("event", "<Event>location_select</Event>" + PLACE, account=ACCOUNT), ("EventKey",)),
        (message("event", "<Event>subscribe</Event>", account=ACCOUNT), ()),
        (message("event", "<Event>new_event</Event>", account=ACCOUNT), ()),
    ],
)  # fmt: skip
def test_a_missing_or_misshapen_element_is_empty_and_named(body: str, missing: tuple[str, ...]) -> None:
    incoming = read(body)
    assert incoming.missing == missing
    assert incoming.text in (None, "", "x")


def test_a_message_that_does_not_say_its_account_is_refused() -> None:
    for body in ("<xml><a>1</a></xml>", message("text", TEXT, account="")):
        assert status(lambda body=body: read(body)) == 400


def test_a_message_without_a_sender_matches_no_route() -> None:
    incoming = read(message("text", TEXT, account=ACCOUNT, openid=""))
    assert (incoming.msg_type, incoming.known, incoming.text) == ("", False, None)


def test_the_header_is_the_first_that_came() -> None:
    forged = "<new><![CDATA[]]></new><FromUserName>o</FromUserName><Event>x</Event>"
    incoming = event("new_event", forged)
    assert (incoming.openid, incoming.event) == (OPENID, "new_event")


def test_a_message_without_a_time_takes_the_time_of_its_delivery() -> None:
    fields = xml.parse(message("event", "<Event>CLICK</Event>", account=ACCOUNT).encode())
    del fields["CreateTime"]
    first, retry, later = (messages.read(fields, sent) for sent in ("1700000000", "1700000000", "1700000009"))
    assert first.created == 1700000000
    assert first.key == retry.key != later.key
    assert messages.read(first.fields).key == first.key, "another process makes the same key"


def test_two_messages_without_an_id_are_two() -> None:
    assert of("text", "<Content>a</Content>").key != of("text", "<Content>b</Content>").key
    assert of("text", "<Content>a</Content>").key == of("text", "<Content>a</Content>").key


NAMES = st.sampled_from(
    [
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "Event",
        "EventKey",
        "MsgId",
        "Content",
        "MediaId",
    ]
)
VALUES = st.recursive(
    st.one_of(st.text(max_size=8), st.sampled_from(["1", "text", "event", "SCAN", "subscribe"])),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner)),
    max_leaves=3,
)


HEADER = {"ToUserName": ACCOUNT, "FromUserName": OPENID, "CreateTime": "1", "MsgType": "event"}


@given(st.dictionaries(NAMES, VALUES))
def test_any_fields_are_a_message_unless_the_account_is_missing(changes: dict[str, Any]) -> None:
    assert status(lambda: messages.read(HEADER | changes)) == 200 or "ToUserName" in changes


# -- the key


def text_key(msg_id: int, **header: Any) -> str:
    return of("text", f"<Content>x</Content><MsgId>{msg_id}</MsgId>", **header).key


def test_a_retry_has_the_same_key() -> None:
    assert text_key(7) == text_key(7)
    assert event("CLICK", key("a")).key == event("CLICK", key("a")).key
    assert event("subscribe").key == event("subscribe").key


def test_a_retry_has_the_same_key_in_compatible_mode_where_the_ciphertext_may_differ() -> None:
    one = event("LOCATION", "<Latitude>1</Latitude><Encrypt>AAAA</Encrypt>")
    two = event("LOCATION", "<Latitude>1</Latitude><Encrypt>BBBB</Encrypt>")
    assert one.key == two.key


def test_equal_msg_ids_of_two_users_are_two_messages() -> None:
    assert text_key(7, openid="oA") != text_key(7, openid="oB")


def test_two_messages_of_one_user_are_two() -> None:
    assert text_key(7) != text_key(8)


def test_two_events_of_one_second_are_two() -> None:
    place = event("LOCATION", "<Latitude>1</Latitude>")
    keys = {
        place.key,
        event("LOCATION", "<Latitude>2</Latitude>").key,
        event("CLICK", key("a")).key,
        event("CLICK", key("b")).key,
        event("VIEW", key("a")).key,
        event("subscribe").key,
        event("CLICK", key("a"), created=1662522878).key,
        event("CLICK", key("a"), openid="oB").key,
    }
    assert len(keys) == 8


def test_a_message_and_an_event_never_share_a_key() -> None:
    created = 1662522877
    assert text_key(created) != event("text", key(str(created)), created=created).key


NAMEABLE = st.characters(blacklist_characters="\0", blacklist_categories=("Cs",))
WORDS = st.text(NAMEABLE, min_size=1, max_size=9)


@given(st.tuples(WORDS, WORDS, WORDS), st.tuples(WORDS, WORDS, WORDS))
def test_no_two_identities_run_together(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    def identity(words: tuple[str, ...]) -> tuple[str, ...]:
        openid, name, event_key = words
        return openid.strip(), name.strip(), event_key  # white space around a name is not part of it

    def made(words: tuple[str, ...]) -> str:
        openid, name, event_key = words
        found = messages.read(HEADER | {"FromUserName": openid, "Event": name, "EventKey": event_key})
        return found.key

    if all(identity(one)[:2]) and all(identity(two)[:2]):
        assert (made(one) == made(two)) == (identity(one) == identity(two))
