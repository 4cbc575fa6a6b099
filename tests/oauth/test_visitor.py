"""The record of a visitor: what it takes from WeChat's answers."""

from typing import Any

import pytest

from bot.oauth.visitor import Visitor
from bot.store.codec import dump, load

NOBODY = Visitor("o1", "snsapi_userinfo")

PICTURES = [
    "https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4/132",
    "http://wx.qlogo.cn/mmopen/1/0",
    "https://a.example:8443/x?y=1&z=中",
    "HTTPS://A.EXAMPLE/x",
    "HtTp://a.example",
    "https://用户.cn/头像",
]
NO_PICTURES: list[Any] = [
    "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
    "\x01javascript:alert(1)", "javascript://a.example/%0aalert(1)",
    "data:image/svg+xml,<svg/onload=alert(1)>",
    "DATA:text/html,x", "vbscript:x", "blob:https://a.example/1", "file:///etc/passwd", "ftp://a.example/x",
    "//a.example/x", "/x", "x", "", " ", "https:", "https:/a.example", "https:a.example", "https://", "http:///x",
    "https:\\\\a.example", "https://\\a.example", "https://a.example/a b", "https://a.example/\tx",
    "https://a.example/\nx", "https://a.example/\x7f", "https://?x", "https://#x",
    "https://a.example/" + "x" * 3000,
    None, 7, True, [], ["https://a.example/x"], {"a": "https://a.example/x"},
]  # fmt: skip


@pytest.mark.parametrize("url", PICTURES)
@pytest.mark.parametrize("blank", ["", " ", "\n", "\u3000"])
def test_an_avatar_is_an_http_address(url: str, blank: str) -> None:
    assert NOBODY.with_profile({"headimgurl": blank + url + blank}, 0).avatar == url


@pytest.mark.parametrize("url", NO_PICTURES, ids=repr)
def test_any_other_avatar_is_none(url: Any) -> None:
    assert NOBODY.with_profile({"headimgurl": url}, 0).avatar == ""


def test_an_avatar_that_an_earlier_version_has_stored_is_read_in_the_same_way() -> None:
    stored = dump(NOBODY).replace(b'"avatar": ""', b'"avatar": "javascript:alert(1)"')
    assert b"javascript" in stored
    assert load(Visitor, stored).avatar == ""


@pytest.mark.parametrize("value", [None, 7, True, [], {}])
def test_a_profile_with_fields_of_another_type_is_a_profile_without_them(value: Any) -> None:
    visitor = NOBODY.with_profile({"nickname": value, "headimgurl": value, "unionid": value}, 5)
    assert (visitor.nickname, visitor.avatar, visitor.unionid, visitor.profile_at) == ("", "", "", 5)


@pytest.mark.parametrize(
    ("value", "snapshot"),
    [
        (1, True),
        ("1", True),
        (True, True),
        (0, False),
        ("0", False),
        ("", False),
        (None, False),
        (False, False),
    ],
)
def test_a_preview_is_marked_by_a_one(value: Any, snapshot: bool) -> None:
    answer = {"access_token": "t", "is_snapshotuser": value}
    assert NOBODY.with_token(answer, 0).is_snapshot is snapshot
