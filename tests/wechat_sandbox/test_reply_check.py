"""What is wrong with a reply, said so that a developer can mend it (rules 6, 10, 11)."""

from typing import Any

import pytest

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import DEFAULT_ACCOUNT, Answer, CallbackServer, reply, text

FAILURE_LINE = "该公众号提供的服务出现故障，请稍后再试"
NOW = "1700000000"


def swapped(openid: str) -> str:
    return reply(DEFAULT_ACCOUNT, "text", "<Content>hi</Content>", account=openid)


BAD_REPLIES: dict[str, tuple[Any, str]] = {
    "json": (lambda o: '{"errcode":0}', "is JSON"),
    "json string": (lambda o: '"success"', "is JSON"),
    "html": (lambda o: "<!DOCTYPE html><html></html>", "is an HTML page"),
    "html without doctype": (lambda o: "<html><body>hi</body></html>", "is an HTML page"),
    "plain words": (lambda o: "hello", "is not XML"),
    "unclosed": (lambda o: "<xml><ToUserName>", "is not XML"),
    "other root": (lambda o: "<message></message>", "must be <xml>"),
    "bom": (lambda o: b"\xef\xbb\xbf" + text(o, "hi").encode(), "byte order mark"),
    "gbk": (lambda o: text(o, "你好").encode("gbk"), "is not XML"),
    "doctype": (lambda o: "<!DOCTYPE xml [<!ENTITY a 'b'>]>" + text(o, "hi"), "DOCTYPE"),
    "almost success": (lambda o: "success\n", "exactly `success`"),
    "capital success": (lambda o: "SUCCESS", "exactly `success`"),
    "swapped": (swapped, "are swapped"),
    "other sender": (
        lambda o: reply(o, "text", "<Content>a</Content>", account="gh_other"),
        "FromUserName: must",
    ),
    "no receiver": (lambda o: "<xml><FromUserName>a</FromUserName></xml>", "ToUserName: missing"),
    "empty receiver": (lambda o: reply("", "text", "<Content>a</Content>"), "ToUserName: empty"),
    "float time": (
        lambda o: reply(o, "text", "<Content>a</Content>", created=NOW + ".5"),
        "CreateTime: must",
    ),
    "date": (lambda o: reply(o, "text", "<Content>a</Content>", created="2026-01-01"), "CreateTime: must"),
    "unknown kind": (lambda o: reply(o, "markdown", "<Content>a</Content>"), "MsgType: 'markdown'"),
    "capital kind": (lambda o: reply(o, "Text", "<Content>a</Content>"), "MsgType: 'Text'"),
    "no content": (lambda o: reply(o, "text", ""), "Content: must not be empty"),
    "empty content": (lambda o: text(o, ""), "Content: must not be empty"),
    "too long": (lambda o: text(o, "字" * 683), "Content: 2049 bytes of UTF-8, at most 2048"),
    "no image": (lambda o: reply(o, "image", "<MediaId>a</MediaId>"), "Image: missing"),
    "unknown image": (lambda o: reply(o, "image", "<Image><MediaId>abc</MediaId></Image>"), "no such media"),
    "unknown voice": (lambda o: reply(o, "voice", "<Voice><MediaId>abc</MediaId></Voice>"), "no such media"),
    "no thumb": (lambda o: reply(o, "music", "<Music><Title>a</Title></Music>"), "ThumbMediaId: missing"),
    "no articles": (lambda o: reply(o, "news", "<ArticleCount>1</ArticleCount>"), "Articles: missing"),
    "no item": (
        lambda o: reply(o, "news", "<ArticleCount>0</ArticleCount><Articles></Articles>"),
        "no <item>",
    ),
    "miscounted": (
        lambda o: reply(o, "news", "<ArticleCount>2</ArticleCount><Articles><item></item></Articles>"),
        "ArticleCount: is '2', but Articles has 1",
    ),
    "encrypted in plain mode": (
        lambda o: "<xml><Encrypt>AAAA</Encrypt></xml>",
        "encrypted reply in plain mode",
    ),
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_rule_10_an_abnormal_reply_becomes_the_failure_line(
    sandbox: Sandbox, server: CallbackServer, openid: str, name: str
) -> None:
    body, reason = BAD_REPLIES[name]
    server.says(Answer(body(openid)))
    result = sandbox.send(openid, content="hi")
    assert [delivery["outcome"] for delivery in result["deliveries"]] == ["bad-reply"] * 3
    assert reason in result["deliveries"][0]["error"]
    assert [message["content"] for message in result["shown"]] == [FAILURE_LINE]


def test_rule_10_the_longest_text_is_shown(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    longest = "字" * 682 + "ab"
    assert len(longest.encode()) == 2048
    server.says(Answer(text(openid, longest)))
    assert sandbox.send(openid, content="hi")["shown"][0]["content"] == longest


def test_rule_10_media_of_another_type_or_age_is_refused(
    sandbox: Sandbox, server: CallbackServer, openid: str, api
) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    media_id = api.raw(
        "POST",
        "/cgi-bin/media/upload",
        params={"access_token": api.token, "type": "image"},
        files={"media": ("a.png", png)},
    ).json()["media_id"]
    server.says(Answer(reply(openid, "image", f"<Image><MediaId>{media_id}</MediaId></Image>")))
    [shown] = sandbox.send(openid, content="hi")["shown"]
    assert (shown["type"], shown["media_id"], shown["url"]) == (
        "image",
        media_id,
        f"/_sandbox/media/{media_id}",
    )
    assert api.raw("GET", shown["url"]).content == png

    server.says(Answer(reply(openid, "voice", f"<Voice><MediaId>{media_id}</MediaId></Voice>")))
    assert "is of type image" in sandbox.send(openid, content="hi")["deliveries"][0]["error"]

    server.says(Answer(reply(openid, "image", f"<Image><MediaId>{media_id}</MediaId></Image>")))
    sandbox.clock(3 * 86400)
    assert "older than three days" in sandbox.send(openid, content="hi")["deliveries"][0]["error"]


def news(openid: str, count: int) -> str:
    items = "".join(
        f"<item><Title>t{n}</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>"
        for n in range(count)
    )
    inner = f"<ArticleCount>{count}</ArticleCount><Articles>{items}</Articles>"
    return reply(openid, "news", inner)


def test_rule_11_one_article_to_a_message_eight_to_an_event(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    server.says(Answer(news(openid, 10)))
    [shown] = sandbox.send(openid, content="hi")["shown"]
    assert [article["title"] for article in shown["articles"]] == ["t0"]
    [shown] = sandbox.scan(openid, scene=1)["shown"]
    assert [article["title"] for article in shown["articles"]] == [f"t{n}" for n in range(8)]
    assert shown["articles"][0] == {"title": "t0", "description": "d", "pic_url": "p", "url": "u"}


def test_bare_values_are_as_good_as_cdata(sandbox: Sandbox, server: CallbackServer, openid: str) -> None:
    bare = (
        f"<xml><ToUserName>{openid}</ToUserName><FromUserName>{DEFAULT_ACCOUNT}</FromUserName>"
        f"<CreateTime><![CDATA[{NOW}]]></CreateTime><MsgType>text</MsgType><Content>a&lt;b</Content></xml>"
    )
    server.says(Answer(bare))
    assert sandbox.send(openid, content="hi")["shown"][0]["content"] == "a<b"


def test_video_music_and_transfer_are_understood(
    sandbox: Sandbox, server: CallbackServer, openid: str
) -> None:
    sandbox.send(openid, type="video")
    sandbox.send(openid, type="image")
    video, image = (message["media_id"] for message in sandbox.chat(openid))
    inner = f"<Video><MediaId>{video}</MediaId><Title>片</Title></Video>"
    server.says(Answer(reply(openid, "video", inner)))
    [shown] = sandbox.send(openid, content="hi")["shown"]
    assert (shown["type"], shown["title"], shown["media_id"]) == ("video", "片", video)
    inner = (
        f"<Music><Title>歌</Title><MusicUrl>http://a/</MusicUrl><ThumbMediaId>{image}</ThumbMediaId></Music>"
    )
    server.says(Answer(reply(openid, "music", inner)))
    [shown] = sandbox.send(openid, content="hi")["shown"]
    assert (shown["type"], shown["title"], shown["music_url"]) == ("music", "歌", "http://a/")
    server.says(Answer(reply(openid, "transfer_customer_service", "")))
    assert sandbox.send(openid, content="hi")["deliveries"][0]["outcome"] == "reply"
