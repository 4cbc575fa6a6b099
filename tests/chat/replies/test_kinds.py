"""What a handler may return, and how texts are cut."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.replies.kinds import Article, Image, Music, News, Reply, Text, Transfer, Video, Voice
from bot.chat.replies.returned import Ask, Picture, as_reply
from bot.chat.replies.text_limit import cut, pieces
from bot.errors import HandlerError

CARD = Article("t")


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (None, None),
        ("", None),
        (Text(""), None),
        ("x", Text("x")),
        (Text("x"), Text("x")),
        ([CARD], News((CARD,))),
        ((CARD, CARD), News((CARD, CARD))),
        ([CARD] * 8, News((CARD,) * 8)),
        (Image("m"), Image("m")),
        (Picture("a.png", "t"), Picture("a.png", "t")),
        (Transfer(), Transfer()),
        ("\ud83d", None),
        (Text("a\ud83d\x00b"), Text("ab")),
        (News([Article("a\ud83d", "\uffff")]), News((Article("a"),))),  # type: ignore[arg-type]
        (Video("m", "a\ud83d", "\x1d"), Video("m", "a")),
    ],
)
def test_a_handler_may_return_nothing_a_text_a_list_or_a_reply(returned: Any, expected: Any) -> None:
    assert as_reply(returned, "h") == expected


@pytest.mark.parametrize(
    "returned",
    [
        1,
        True,
        b"bytes",
        object(),
        {"a": 1},
        [],
        ["text"],
        [CARD, None],
        [CARD] * 9,
        News(()),
        Text,
        CARD,
        News((Text("x"),)),
        Image("\ud83d"),
        Video(""),
        Music(""),
    ],
)
def test_anything_else_is_an_error_that_names_the_handler(returned: Any) -> None:
    with pytest.raises(HandlerError) as error:
        as_reply(returned, "text.echo")
    assert error.value.handler == "text.echo"
    assert "text.echo" in str(error.value)


# -- cutting

CHARS = st.text(
    alphabet=st.one_of(st.sampled_from("a中é😀\n<a href></a>"), st.characters(blacklist_categories=("Cs",))),
    max_size=200,
)


@given(CHARS, st.integers(4, 100))
def test_a_cut_loses_nothing_and_keeps_the_limit(text: str, limit: int) -> None:
    head, rest = cut(text, limit)
    assert head + rest == text
    assert len(head.encode()) <= limit
    assert head or not text
    if len(text.encode()) <= limit:
        assert rest == ""


@given(CHARS, st.integers(4, 100))
def test_pieces_are_all_of_the_text_and_end(text: str, limit: int) -> None:
    cuts = list(pieces(text, limit))
    assert "".join(cuts) == text
    assert all(1 <= len(piece.encode()) <= limit for piece in cuts)


@given(st.text(max_size=50), st.integers(4, 30))
def test_text_with_half_a_character_in_it_is_cut_all_the_same(text: str, limit: int) -> None:
    assert "".join(pieces(text, limit)).encode("utf-8", "replace") == text.encode("utf-8", "replace")


def test_a_cut_falls_on_a_character_boundary() -> None:
    assert cut("中中中", 8) == ("中中", "中")
    assert cut("中中中", 9) == ("中中中", "")
    assert cut("😀😀", 7) == ("😀", "😀")


def test_a_link_is_not_cut_in_two() -> None:
    link = '<a href="https://example.com/long">here</a>'
    assert cut("see " + link, 20) == ("see ", link)
    assert cut("see " + link + " and more", 4 + len(link)) == ("see " + link, " and more")


# -- as customer-service messages


def test_each_reply_becomes_wechats_customer_service_message() -> None:
    def one(reply: Reply) -> dict[str, Any]:
        (body,) = reply.pushes(2048)
        return body

    assert one(Text("x")) == {"msgtype": "text", "text": {"content": "x"}}
    assert one(Image("m")) == {"msgtype": "image", "image": {"media_id": "m"}}
    assert one(Voice("m")) == {"msgtype": "voice", "voice": {"media_id": "m"}}
    video = {"media_id": "m", "title": "t", "description": "d"}
    assert one(Video("m", "t", "d")).get("video", {}).items() >= video.items()
    assert one(Music("th", "t", "d", "u", "h"))["music"] == {
        "title": "t", "description": "d", "musicurl": "u", "hqmusicurl": "h", "thumb_media_id": "th",
    }  # fmt: skip
    with_thumb = {**video, "thumb_media_id": "th"}
    assert one(Video("m", "t", "d", "th"))["video"] == with_thumb
    card = {"title": "t", "description": "d", "picurl": "p", "url": "u"}
    assert one(News((Article("t", "d", "p", "u"), CARD)))["news"] == {"articles": [card]}
    assert Transfer().pushes(2048) == []


# What WeChat requires of a push and not of an answer (docs/protocol.md §3 and §8.1).
REQUIRED = {
    "text": ("content",), "image": ("media_id",), "voice": ("media_id",),
    "video": ("media_id", "thumb_media_id"), "music": ("musicurl", "hqmusicurl", "thumb_media_id"),
    "news": ("articles",),
}  # fmt: skip
LEAST: list[Reply] = [
    Text("x"),
    Image("m"),
    Voice("m"),
    Video("m"),
    Video("m", thumb_media_id="th"),
    Music("th"),
    Music("th", url="u"),
    Music("th", hq_url="h"),
    News((CARD,)),
    News((CARD,) * 8),
    Transfer(),
]


@pytest.mark.parametrize("reply", LEAST, ids=repr)
def test_a_push_has_all_that_wechat_requires_or_is_not_made(reply: Reply) -> None:
    assert as_reply(reply, "h") == reply
    bodies = reply.pushes(2048) if reply.has_all_for_push else []
    for body in bodies:
        content = body[body["msgtype"]]
        assert all(content[name] for name in REQUIRED[body["msgtype"]])
        assert len(content.get("articles", [1])) == 1
    assert bool(bodies) == (reply not in (Video("m"), Music("th"), Transfer()))


def test_an_answer_has_no_thumbnail_of_a_video() -> None:
    assert Video("m", "t", "d", "th").answer() == Video("m", "t", "d").answer()


def test_every_kind_is_tried() -> None:
    ours = {kind for kind in Reply.kinds.values() if kind.__module__.startswith("bot.")}
    assert {type(reply) for reply in LEAST} == ours


def test_a_long_late_text_goes_out_in_pieces() -> None:
    bodies = Text("中" * 100).pushes(150)
    assert [body["text"]["content"] for body in bodies] == ["中" * 50, "中" * 50]


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), "600", timedelta(minutes=10)])
def test_a_question_lapses_after_a_number_of_seconds(seconds: Any) -> None:
    with pytest.raises(ValueError, match=r"Ask\.seconds must be a number of seconds"):
        Ask("Your name?", answer="name", seconds=seconds)
