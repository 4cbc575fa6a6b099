"""Replies render to exactly WeChat's elements, and stay well-formed whatever is in them."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.conversation import Conversations
from bot.chat.replies.kinds import Article, Image, Music, News, Reply, Text, Transfer, Video, Voice
from bot.chat.replies.stored import from_json, to_json
from bot.chat.wire import seal
from bot.chat.wire.gate import Opened
from bot.chat.wire.messages import Incoming
from bot.chat.wire.seal import Answer
from bot.chat.wire.xml import clean
from bot.config import Config
from bot.store import open_store
from tests.chat.deliveries import WeChat
from tests.conftest import Clock, MakeConfig

INCOMING = Incoming(None, {}, "key", "toUser", "fromUser", 0, "text", "", "", None, True)

HEAD = (
    "<xml><ToUserName><![CDATA[toUser]]></ToUserName><FromUserName><![CDATA[fromUser]]></FromUserName>"
    "<CreateTime>12345678</CreateTime><MsgType><![CDATA[{}]]></MsgType>"
)

# The samples of "passive user reply" in WeChat's documents, element for element.
SAMPLES: list[tuple[Reply, str, str]] = [
    (Text("你好"), "text", "<Content><![CDATA[你好]]></Content>"),
    (Image("media_id"), "image", "<Image><MediaId><![CDATA[media_id]]></MediaId></Image>"),
    (Voice("media_id"), "voice", "<Voice><MediaId><![CDATA[media_id]]></MediaId></Voice>"),
    (Video("media_id", "title", "description"), "video",
     "<Video><MediaId><![CDATA[media_id]]></MediaId><Title><![CDATA[title]]></Title>"
     "<Description><![CDATA[description]]></Description></Video>"),
    (Video("media_id"), "video", "<Video><MediaId><![CDATA[media_id]]></MediaId></Video>"),
    (Music("media_id", "TITLE", "DESCRIPTION", "MUSIC_Url", "HQ_MUSIC_Url"), "music",
     "<Music><Title><![CDATA[TITLE]]></Title><Description><![CDATA[DESCRIPTION]]></Description>"
     "<MusicUrl><![CDATA[MUSIC_Url]]></MusicUrl><HQMusicUrl><![CDATA[HQ_MUSIC_Url]]></HQMusicUrl>"
     "<ThumbMediaId><![CDATA[media_id]]></ThumbMediaId></Music>"),
    (Music("media_id"), "music", "<Music><ThumbMediaId><![CDATA[media_id]]></ThumbMediaId></Music>"),
    (News((Article("title1", "description1", "picurl", "url"),)), "news",
     "<ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[title1]]></Title>"
     "<Description><![CDATA[description1]]></Description><PicUrl><![CDATA[picurl]]></PicUrl>"
     "<Url><![CDATA[url]]></Url></item></Articles>"),
    (Transfer(), "transfer_customer_service", ""),
    (Transfer("test1@test"), "transfer_customer_service",
     "<TransInfo><KfAccount><![CDATA[test1@test]]></KfAccount></TransInfo>"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "kind", "inner"), SAMPLES)
def test_each_reply_renders_to_exactly_wechats_elements(reply: Reply, kind: str, inner: str) -> None:
    assert seal.render(reply, INCOMING, 12345678.9).decode() == HEAD.format(kind) + inner + "</xml>"


def test_a_news_lists_all_its_articles() -> None:
    xml = ElementTree.fromstring(seal.render(News(tuple(Article(str(n)) for n in range(8))), INCOMING, 1))
    assert xml.findtext("ArticleCount") == "8"
    assert [item.findtext("Title") for item in xml.iter("item")] == [str(n) for n in range(8)]


TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=st.sampled_from("]>[<&!C]]]>\x00\x1d\ud800\ufffe\uffff\n\t中😀"), max_size=40),
)


@given(TEXTS)
def test_any_text_comes_out_as_its_clean_self_and_adds_no_elements(text: str) -> None:
    xml = ElementTree.fromstring(seal.render(Text(text), INCOMING, 1))
    assert [child.tag for child in xml] == ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"]
    expected = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    assert (xml.findtext("Content") or "") == expected


@given(TEXTS)
def test_cleaning_takes_away_only_what_xml_cannot_carry(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    lost = set(text) - set(cleaned)
    assert all(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF or ord(char) >= 0xFFFE for char in lost)
    assert not lost & {"\t", "\n", "\r"}


@given(title=TEXTS, url=TEXTS, openid=st.text(max_size=20))
def test_every_field_of_every_reply_stays_well_formed(title: str, url: str, openid: str) -> None:
    incoming = Incoming(None, {}, "key", openid, "fromUser", 0, "text", "", "", None, True)
    replies = [
        Image(title), Voice(title), Video(title, url, title), Music(title, url, title, url, title),
        News((Article(title, url, title, url),)), Transfer(title),
    ]  # fmt: skip
    for reply in replies:
        xml = ElementTree.fromstring(seal.render(reply, incoming, 1))
        assert len(list(xml)) <= 6
        assert all(not list(leaf) for leaf in xml.iter("MediaId"))


@pytest.mark.parametrize(("reply", "_kind", "_inner"), SAMPLES)
def test_a_kept_reply_is_read_back_equal(reply: Reply, _kind: str, _inner: str) -> None:
    stored = json.loads(json.dumps(to_json(reply), default=vars))
    assert from_json(stored) == reply
    assert from_json({**stored, "source": "m", "added_later": [1]}) == reply


def make_seal(config: Config) -> seal.Seal:
    clock = Clock()
    store = open_store(config.store_url, clock, app_id=config.app_id)
    return seal.Seal(config, clock, Conversations(store), "more?")


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_no_reply_is_the_bare_word_success_in_every_mode(make_config: MakeConfig, mode: str) -> None:
    sealer = make_seal(make_config(mode=mode))
    assert sealer.close(Answer(None, "none", 1), Opened(INCOMING, mode != "plain", "1")) == b"success"


def test_the_same_reply_is_sealed_anew_for_every_delivery(make_config: MakeConfig) -> None:
    config, clock = make_config(mode="safe"), Clock()
    sealer, wechat = make_seal(config), WeChat(config, clock)
    answer = Answer(Text("你好"), "reply", 1)
    one = sealer.close(answer, Opened(INCOMING, True, "first"))
    two = sealer.close(answer, Opened(INCOMING, True, "sec]]>ond"))
    assert one != two
    assert wechat.content(one) == wechat.content(two) == "你好"


def test_compatible_mode_answers_a_plain_delivery_in_plain(make_config: MakeConfig) -> None:
    sealer, answer = make_seal(make_config(mode="compatible")), Answer(Text("x"), "reply", 1, at=7)
    assert sealer.close(answer, Opened(INCOMING, False, "1")) == seal.render(Text("x"), INCOMING, 7)
    assert b"<Encrypt>" in sealer.close(answer, Opened(INCOMING, True, "1"))
