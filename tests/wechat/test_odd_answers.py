"""Each of our calls to WeChat gets each odd answer that WeChat or a proxy may send."""

import ast
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.account_package import AccountPackage
from bot.app import Parts, build
from bot.errors import WeChatError, WeChatUnreachable
from bot.menu.live_menus import read_live
from bot.oauth.visitor import Visitor
from bot.wechat.endpoints import Endpoints
from bot.wechat.oauth_api import OAuthApi
from tests.account import WORDING
from tests.conftest import Clock, MakeConfig
from tests.launch import ROOT
from tests.wechat.scripted_wechat import Scripted, ScriptedWeChat

GOOD = {
    "access_token": "token", "expires_in": 7200, "ticket": "ticket", "openid": "o1", "scope": "snsapi_base",
    "refresh_token": "refresh", "nickname": "小明", "headimgurl": "https://a.example/1", "media_id": "m",
    "url": "http://weixin.qq.com/q/1", "menu": {"button": [{"type": "click", "name": "a", "key": "k"}]},
    "selfmenu_info": {"button": []}, "is_menu_open": 1, "errcode": 0, "errmsg": "ok", "menuid": 7,
    "total": 1, "count": 1, "data": {"openid": ["o1"]}, "next_openid": "", "subscribe": 1,
}  # fmt: skip


def text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


BAD: dict[str, Scripted] = {
    "errcode as text": Scripted(text({"errcode": "48001", "errmsg": "api unauthorized"})),
    "errcode that is no number": Scripted(text({"errcode": "none", "errmsg": "x"})),
    "errcode that is a list": Scripted(text({"errcode": [1]})),
    "errcode too long for a number": Scripted(b'{"errcode": ' + b"9" * 5000 + b"}"),
    "a page with status 200": Scripted(b"<!DOCTYPE html><html><body>Bad gateway</body></html>", "text/html"),
    "a page labelled JSON": Scripted(b"\n<html><body>Log in to the wifi</body></html>"),
    "nothing": Scripted(b""),
    "blanks": Scripted(b" \r\n", "text/plain"),
    "a JSON list": Scripted(b'[{"errcode": 0}]'),
    "half an object": Scripted(text(GOOD)[:-9]),
    "half an error": Scripted(b'{"errcode":40001,"errm'),
    "too deep": Scripted(b"[" * 100_000),
    "a page with status 502": Scripted(b"<html>502 Bad Gateway</html>", "text/html", 502),
    "JSON with status 500": Scripted(text(GOOD), status=500),
    "a redirect": Scripted(b"", status=302, headers={"Location": "http://[/"}),
    "gzip that is none": Scripted(b"\x1f\x8b garbage", headers={"Content-Encoding": "gzip"}),
}
NOT_JSON: dict[str, Scripted] = {
    "JSON null": Scripted(b"null"),
    "a JSON number": Scripted(b"7200", "text/plain"),
    "a picture": Scripted(bytes(range(256)), "text/plain"),
    "a picture labelled so": Scripted(bytes(range(256)), "image/jpeg"),
}
GOOD_ENOUGH: dict[str, Scripted] = {
    "a byte order mark": Scripted(b"\xef\xbb\xbf" + text(GOOD)),
    "labelled text": Scripted(text(GOOD), "text/plain; encoding=utf-8"),
    "errcode null": Scripted(text({**GOOD, "errcode": None})),
    "errcode 0 as text": Scripted(text({**GOOD, "errcode": "0"})),
    "expires_in as text": Scripted(text({**GOOD, "expires_in": "7200"})),
    "half a character": Scripted(text({**GOOD, "nickname": "?"}).replace(b'"?"', b'"a\\ud83d"')),
    "bytes that are no UTF-8": Scripted(text({**GOOD, "errmsg": "?"}).replace(b'"?"', b'"\xff"')),
}
# What a call may read has another type than it should: an error that names the call, or the field ignored.
FIELDS: dict[str, Scripted] = {
    f"every field {value!r}"[:40]: Scripted(text({name: value for name in GOOD if name != "errcode"}))
    for value in (None, True, "", -1, 1e308, [], [None], {}, {"a": None})
}

Call = Callable[[Parts], Any]


def client_post(path: str) -> Call:
    return lambda parts: parts.base.client.post(path, data={"a": "b"})


def client_get(path: str) -> Call:
    return lambda parts: parts.base.client.get(path)


def oauth(parts: Parts) -> OAuthApi:
    config = parts.base.config
    return OAuthApi(Endpoints.of(config), config.app_id, config.app_secret, parts.base.http)


def logged_in(parts: Parts) -> Visitor:
    return Visitor("o1", "").with_token(oauth(parts).exchange("c"), 0)


def named(parts: Parts) -> Visitor:
    return Visitor("o1", "snsapi_userinfo").with_profile(oauth(parts).userinfo("t", "o1"), 0)


def no_menu(parts: Parts, wechat: ScriptedWeChat) -> Any:
    wechat.answers["/cgi-bin/menu/get"] = [Scripted(text({"errcode": 46003}))]
    return read_live(parts.base.client)


JSON_CALLS: dict[str, Call] = {
    "/cgi-bin/stable_token": lambda parts: parts.base.tokens.get(),
    "/cgi-bin/token": lambda parts: parts.base.tokens.get(),
    "/cgi-bin/ticket/getticket": lambda parts: parts.site.jssdk.config("https://a.example/", []),
    "/sns/oauth2/access_token": logged_in,
    "/sns/oauth2/refresh_token": lambda parts: Visitor("o1", "").with_token(oauth(parts).refresh("r"), 0),
    "/sns/userinfo": named,
    "/sns/auth": lambda parts: oauth(parts).is_valid("t", "o1"),
    "/cgi-bin/menu/get": client_get("menu/get"),
    "/cgi-bin/get_current_selfmenu_info": client_get("get_current_selfmenu_info"),
    "/cgi-bin/menu/create": client_post("menu/create"),
    "/cgi-bin/menu/delete": client_get("menu/delete"),
    "/cgi-bin/menu/addconditional": client_post("menu/addconditional"),
    "/cgi-bin/menu/delconditional": client_post("menu/delconditional"),
    "/cgi-bin/menu/trymatch": client_post("menu/trymatch"),
    "/cgi-bin/message/custom/send": client_post("message/custom/send"),
    "/cgi-bin/message/custom/typing": client_post("message/custom/typing"),
    "/cgi-bin/qrcode/create": lambda parts: parts.base.account.scene_url("s", 60),
    "/cgi-bin/media/upload": lambda parts: parts.base.account.media_id("icon.svg"),
    "/cgi-bin/media/uploadimg": lambda parts: parts.base.client.media.upload_image(io.BytesIO(b"x")),
    "/cgi-bin/user/info": lambda parts: parts.base.client.user.get("o1"),
    "/cgi-bin/user/get": lambda parts: parts.base.client.user.get_followers(),
}
DOWNLOADS: dict[str, Call] = {
    "/cgi-bin/media/get": lambda parts: parts.base.client.media.download("m"),
    "/cgi-bin/media/get/jssdk": client_get("media/get/jssdk"),
    "/cgi-bin/material/get_material": lambda parts: parts.base.client.material.get("m"),
}


@pytest.fixture
def scripted() -> Iterator[ScriptedWeChat]:
    with ScriptedWeChat() as wechat:
        yield wechat


@pytest.fixture
def open_parts(make_config: MakeConfig, scripted: ScriptedWeChat) -> Iterator[Callable[[str], Parts]]:
    """Build the parts of a bot that makes the call `path`, on a WeChat whose other answers are good."""
    opened: list[Parts] = []

    def open_for(path: str) -> Parts:
        kind = "classic" if path == "/cgi-bin/token" else "stable"
        config = make_config(api_base=scripted.url, token_kind=kind)
        for known in (*JSON_CALLS, *DOWNLOADS):
            scripted.answers[known] = [Scripted(text(GOOD))]
        opened.append(build(config, AccountPackage([], WORDING), Clock()))
        return opened[-1]

    yield open_for
    for parts in opened:
        parts.close()


def answers_of(*tables: dict[str, Scripted]) -> list[Any]:
    return [pytest.param(odd, id=name) for table in tables for name, odd in table.items()]


@pytest.mark.parametrize("path", JSON_CALLS)
@pytest.mark.parametrize("odd", answers_of(BAD, NOT_JSON))
def test_an_answer_that_is_not_json_is_an_error_that_names_the_call(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, path: str, odd: Scripted
) -> None:
    parts = open_parts(path)
    scripted.answers[path] = [odd]
    with pytest.raises(WeChatError) as error:
        JSON_CALLS[path](parts)
    assert error.value.call == path
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize("path", DOWNLOADS)
@pytest.mark.parametrize("odd", answers_of(BAD))
def test_a_download_that_is_no_file_is_an_error_that_names_the_call(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, path: str, odd: Scripted
) -> None:
    parts = open_parts(path)
    scripted.answers[path] = [odd]
    with pytest.raises(WeChatError) as error:
        DOWNLOADS[path](parts)
    assert error.value.call == path


@pytest.mark.parametrize("path", DOWNLOADS)
@pytest.mark.parametrize("content_type", ["text/plain", "image/jpeg", "application/json", "", "x"])
@pytest.mark.parametrize(
    "file", [b"\xff\xd8\xff\xe0 a picture", b"#!AMR\n", bytes(range(256)), b"{\xff", b"plain words", b"<\x00"]
)
def test_a_download_is_its_bytes_whatever_its_label(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, path: str, content_type: str, file: bytes
) -> None:
    parts = open_parts(path)
    scripted.answers[path] = [Scripted(file, content_type)]
    answer = DOWNLOADS[path](parts)
    assert isinstance(answer, requests.Response)
    assert answer.content == file


def test_a_video_is_downloaded_as_the_url_that_wechat_gives(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat
) -> None:
    path = "/cgi-bin/media/get"
    parts = open_parts(path)
    scripted.answers[path] = [Scripted(b'\xef\xbb\xbf{"video_url": "http://a.example/v"}', "text/plain")]
    assert DOWNLOADS[path](parts) == {"video_url": "http://a.example/v"}


@pytest.mark.parametrize("path", JSON_CALLS)
@pytest.mark.parametrize("odd", answers_of(GOOD_ENOUGH))
def test_json_that_can_be_read_is_read(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, path: str, odd: Scripted
) -> None:
    parts = open_parts(path)
    scripted.answers[path] = [odd]
    result = JSON_CALLS[path](parts)
    assert result
    json.dumps(
        result, default=vars, ensure_ascii=False
    ).encode()  # no half characters, which no page can show


@pytest.mark.parametrize("path", JSON_CALLS)
@pytest.mark.parametrize("odd", answers_of(FIELDS))
def test_fields_of_another_type_are_never_another_error(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, path: str, odd: Scripted
) -> None:
    parts = open_parts(path)
    scripted.answers[path] = [odd]
    try:
        JSON_CALLS[path](parts)
    except WeChatError as error:
        assert error.call == path  # noqa: PT017  the fields may also be ignored


@pytest.mark.parametrize("lifetime", [None, "", "soon", -1, 0, True, [], {}, 1e308, "1e999", "nan"])
@pytest.mark.parametrize("path", ["/cgi-bin/stable_token", "/cgi-bin/token", "/cgi-bin/ticket/getticket"])
def test_a_token_without_a_lifetime_is_not_kept(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, path: str, lifetime: Any
) -> None:
    parts = open_parts(path)
    scripted.answers[path] = [Scripted(text({**GOOD, "expires_in": lifetime}))]
    with pytest.raises(WeChatUnreachable, match="expires_in"):
        JSON_CALLS[path](parts)


@pytest.mark.parametrize("lifetime", [None, "soon", -1, True, [], 1e308, "nan"])
def test_a_visitor_gets_in_without_a_lifetime(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, lifetime: Any
) -> None:
    path = "/sns/oauth2/access_token"
    parts = open_parts(path)
    scripted.answers[path] = [Scripted(text({**GOOD, "expires_in": lifetime}))]
    visitor = logged_in(parts)
    assert visitor.openid == "o1"
    assert 0 <= visitor.token_expires <= 86400


@pytest.mark.parametrize("odd", answers_of(BAD, NOT_JSON, FIELDS))
def test_the_menu_of_the_console_is_read_or_an_error(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat, odd: Scripted
) -> None:
    path = "/cgi-bin/get_current_selfmenu_info"
    parts = open_parts(path)
    scripted.answers[path] = [odd]
    try:
        assert no_menu(parts, scripted).menus().default is None
    except WeChatError as error:
        assert error.call == path  # noqa: PT017  a menu that is closed is no menu


def test_a_token_error_as_text_is_a_token_error(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat
) -> None:
    path = "/cgi-bin/user/info"
    parts = open_parts(path)
    scripted.answers[path] = [Scripted(text({"errcode": "40001"})), Scripted(text(GOOD))]
    assert parts.base.client.user.get("o1")["openid"] == "o1"
    assert len(scripted.sent_to(path)) == 2


def test_a_token_that_stays_refused_names_the_call(
    open_parts: Callable[[str], Parts], scripted: ScriptedWeChat
) -> None:
    path = "/cgi-bin/user/info"
    parts = open_parts(path)
    tokens = [Scripted(text({**GOOD, "access_token": f"token{number}"})) for number in range(9)]
    scripted.answers["/cgi-bin/stable_token"] = tokens
    scripted.answers[path] = [Scripted(text({"errcode": 40001}))]
    for _ in range(3):
        with pytest.raises(WeChatError) as error:
            parts.base.client.user.get("o1")
        assert (error.value.errcode, error.value.call) == (40001, path)


# -- the retry after a token error sends the same body

PICTURE = bytes(range(256)) * 2


class Pipe(io.RawIOBase):
    """A stream that cannot be rewound."""

    def __init__(self) -> None:
        self._rest = PICTURE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece, self._rest = self._rest[:100], self._rest[100:]
        buffer[: len(piece)] = piece
        return len(piece)


def upload(parts: Parts, file: Any) -> None:
    parts.base.client.media.upload("image", file)


def post_files(parts: Parts, file: Any) -> None:
    parts.base.client.post("media/upload", files=[("media", ("a.jpg", file, "image/jpeg"))], data={"a": "中"})


def post_data(parts: Parts, file: Any) -> None:
    parts.base.client.post("media/upload", data=file)


@pytest.mark.parametrize(
    ("send", "make"),
    [
        (upload, lambda path: path.open("rb")),
        (upload, lambda _: io.BytesIO(PICTURE)),
        (upload, lambda _: ("a.jpg", io.BytesIO(PICTURE))),
        (upload, lambda _: ("a.jpg", PICTURE)),
        (upload, lambda _: Pipe()),
        (post_files, lambda path: path.open("rb")),
        (post_files, lambda _: Pipe()),
        (post_data, lambda path: path.open("rb")),
        (post_data, lambda _: Pipe()),
        (post_data, lambda _: iter([PICTURE[:100], PICTURE[100:]])),
        (post_data, lambda _: PICTURE),
    ],
)
@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_the_retry_after_a_token_error_sends_the_whole_body_again(
    open_parts: Callable[[str], Parts],
    scripted: ScriptedWeChat,
    tmp_path: Path,
    send: Callable[[Parts, Any], None],
    make: Callable[[Path], Any],
    errcode: int,
) -> None:
    path = "/cgi-bin/media/upload"
    parts = open_parts(path)
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    scripted.answers[path] = [Scripted(text({"errcode": errcode})), Scripted(text(GOOD))]
    file = make(tmp_path / "a.jpg")
    send(parts, file)
    first, second = scripted.sent_to(path)
    assert PICTURE in first
    assert first == second
    if hasattr(file, "close"):
        file.close()


# -- the walk is complete


def calls_in_source() -> set[str]:
    """Return the paths of all calls in bot/: the constants that are passed to get(), post() and api()."""
    found: set[str] = set()
    for file in sorted((ROOT / "bot").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and re.fullmatch("/(cgi-bin|sns)/[a-z0-9_/]+[a-z]", value):
                found.add(value)
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("client.get", "client.post")):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(f"/cgi-bin/{first.value}")
    return found


def test_the_walk_covers_every_call_in_the_source() -> None:
    found = calls_in_source()
    assert "/cgi-bin/menu/create" in found
    assert "/sns/userinfo" in found
    assert found - {*JSON_CALLS, *DOWNLOADS} == set()
