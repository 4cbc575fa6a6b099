"""`/wechat` over real HTTP, by a real `python -m bot` in each mode: what is wrong is refused in one log line
and with nothing said, and the next good message is answered."""

import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests

from bot.chat.wire.gate import MAX_BODY
from bot.config import Config
from tests.chat.deliveries import OPENID, Delivery, WeChat, message
from tests.conftest import AES_KEY, APP_ID, NOWHERE, ORIGINAL_ID, SECRET, TOKEN
from tests.launch import Bot

MODES = ("plain", "compatible", "safe")
_ids = itertools.count(1)

SETTINGS = {
    "BOT_APP_ID": APP_ID,
    "BOT_APP_SECRET": SECRET,
    "BOT_TOKEN": TOKEN,
    "BOT_ENCODING_AES_KEY": AES_KEY,
    "BOT_ORIGINAL_ID": ORIGINAL_ID,
    "BOT_API_BASE": NOWHERE,
    "BOT_OPEN_BASE": NOWHERE,
}


class Live:
    """A bot in one mode and the WeChat that talks to it."""

    def __init__(self, bot: Bot, mode: str, http: requests.Session) -> None:
        self.bot = bot
        self.mode = mode
        self._http = http
        config = Config(
            app_id=APP_ID, token=TOKEN, encoding_aes_key=AES_KEY, mode=mode, original_id=ORIGINAL_ID
        )
        self.wechat = WeChat(config, time.time)

    def post(self, delivery: Delivery) -> requests.Response:
        return self._http.post(
            f"{self.bot.callback}?{delivery.query}",
            data=delivery.body,
            headers={"Content-Type": "text/xml"},
            timeout=60,
        )

    def get(self, query: str) -> requests.Response:
        return self._http.get(f"{self.bot.callback}?{query}", timeout=60)

    def metrics(self) -> str:
        return self._http.get(f"{self.bot.url}/metrics", timeout=60).text

    def say(self, text: str) -> str | None:
        """A good message and its answer."""
        answer = self.post(self.wechat.deliver(self.wechat.text(text, next(_ids))))
        assert answer.status_code == 200
        return self.wechat.content(answer.content)

    def refused(self, act: Callable[[], requests.Response | None], *reasons: str) -> None:
        """`act` is refused with one line in the log that names one of `reasons`; then all is well."""
        answers: list[requests.Response | None] = []
        # Each request needs an address of its own: the bot writes one line a second for an address.
        self._http.headers["X-Forwarded-For"] = f"2001:db8::{next(_ids):x}"
        lines = self.bot.log_of(lambda: answers.append(act()))
        (answer,) = answers
        if answer is not None:
            assert answer.status_code in (400, 403), answer.text
            assert len(answer.text.splitlines()) <= 1
        (line,) = [line for line in lines if "[gate]" not in line]  # which advises once in a process
        assert any(f"reason={reason}" in line for reason in reasons), line
        self.keeps_its_secrets(lines)
        assert self.say("still there?") == "你说：still there?"

    def keeps_its_secrets(self, lines: list[str]) -> None:
        for secret in (TOKEN, AES_KEY, SECRET, "private", "Traceback", "Content"):
            assert not any(secret in line for line in lines), secret


@pytest.fixture(scope="module")
def lives() -> dict[str, Live]:
    return {}


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(params=MODES)
def live(
    request: pytest.FixtureRequest, lives: dict[str, Live], bots: Callable[..., Bot], http: requests.Session
) -> Live:
    mode = request.param
    if mode not in lives:
        lives[mode] = Live(bots(env=SETTINGS | {"BOT_MODE": mode}), mode, http)
    return lives[mode]


Make = Callable[[WeChat], Delivery]


def text(wechat: WeChat) -> str:
    return wechat.text("private words", next(_ids))


def signed(**query: str) -> Make:
    return lambda wechat: wechat.deliver(text(wechat), **query)


def body(xml: str | bytes) -> Make:
    return lambda wechat: wechat.deliver(xml)


def without(*names: str) -> Make:
    def make(wechat: WeChat) -> Delivery:
        delivery = wechat.deliver(text(wechat))
        fields = [pair for pair in delivery.query.split("&") if pair.partition("=")[0] not in names]
        return Delivery("&".join(fields), delivery.body)

    return make


def raw_query(change: Callable[[str], str]) -> Make:
    def make(wechat: WeChat) -> Delivery:
        delivery = wechat.deliver(text(wechat))
        return Delivery(change(delivery.query), delivery.body)

    return make


BOMB = (
    '<!DOCTYPE xml [<!ENTITY a "private">'
    + "".join(f'<!ENTITY {chr(n)} "{f"&{chr(n - 1)};" * 10}">' for n in range(ord("b"), ord("j")))
    + "]><xml><Content>&i;</Content></xml>"
)
ONE = "<MsgId>999999999</MsgId>"

BAD: dict[str, tuple[Make, tuple[str, ...]]] = {
    "wrong signature": (signed(signature="0" * 40, msg_signature="0" * 40), ("bad-signature",)),
    "non-ascii signature": (signed(signature="签名", msg_signature="签名"), ("bad-signature",)),
    "empty signature": (signed(signature="", msg_signature=""), ("no-signature",)),
    "no signature": (without("signature", "msg_signature"), ("no-signature",)),
    "no timestamp": (without("timestamp"), ("no-signature",)),
    "no nonce": (without("nonce"), ("no-signature",)),
    "no query": (lambda wechat: Delivery("", wechat.deliver(text(wechat)).body), ("no-signature",)),
    "stale": (lambda wechat: signed(timestamp=str(int(time.time()) - 3600))(wechat), ("stale",)),
    "from the future": (lambda wechat: signed(timestamp=str(int(time.time()) + 3600))(wechat), ("stale",)),
    "timestamp of words": (signed(timestamp="soon"), ("bad-timestamp",)),
    "nonce as list": (raw_query(lambda query: query.replace("nonce=", "nonce[]=")), ("no-signature",)),
    "half a letter": (raw_query(lambda query: query.replace("nonce=", "nonce=%ED%A0")), ("bad-signature",)),
    "broken percent": (raw_query(lambda query: query.replace("nonce=", "nonce=%FF%zz%")), ("bad-signature",)),
    "nul in query": (raw_query(lambda query: query.replace("nonce=", "nonce=%00%0A")), ("bad-signature",)),
    "two nonces": (raw_query(lambda query: query + "&nonce=2"), ("bad-signature",)),
    "two signatures": (
        raw_query(lambda query: query + "&signature=2&msg_signature=2"), ("bad-signature",)),
    "many fields": (raw_query(lambda query: query + "&a=b" * 500), ("bad-query",)),
    "wrong receiver": (
        lambda wechat: wechat.deliver(message("text", f"<Content>private</Content>{ONE}", account="gh_ff")),
        ("wrong-receiver",)),
    "truncated": (lambda wechat: wechat.deliver(text(wechat)[:-20]), ("bad-xml",)),
    "empty body": (body(""), ("bad-xml",)),
    "json": (body(json.dumps({"Content": "private"})), ("bad-xml",)),
    "entity bomb": (body(BOMB), ("xml-doctype", "bad-xml")),
    "doctype": (body('<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/private"><xml/>'), ("xml-doctype", "bad-xml")),
    "deep": (body("<xml>" + "<a>" * 100 + "</a>" * 100 + "</xml>"), ("xml-too-deep",)),
    "no header": (body("<xml><a>1</a></xml>"), ("missing-field",)),
    "huge": (lambda wechat: wechat.plain(b"<xml>" + b"x" * MAX_BODY), ("body-too-large",)),
    "very huge": (lambda wechat: wechat.plain(b"<xml>" + b"x" * 3_000_000), ("body-too-large",)),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_delivery_is_refused_in_one_line(live: Live, name: str) -> None:
    make, reasons = BAD[name]
    if name in ("truncated", "empty body") and live.mode == "compatible":
        reasons += ("missing-field",)
    live.refused(lambda: live.post(make(live.wechat)), *reasons)


SEALED_BAD: dict[str, tuple[Make, str]] = {
    "plain body": (lambda wechat: wechat.plain(text(wechat).encode()), "plain-body"),
    "plain body that claims to be sealed": (
        lambda wechat: wechat.plain(text(wechat).encode(), encrypt_type="aes", msg_signature="0" * 40),
        "plain-body"),
    "broken base64": (lambda wechat: wechat.sealed("private!"), "bad-base64"),
    "broken ciphertext": (lambda wechat: wechat.sealed("AAAA" * 16), "bad-padding"),
    "truncated ciphertext": (
        lambda wechat: wechat.sealed(wechat.envelope.encrypt(text(wechat).encode())[:64]), "bad-padding"),
    "other app id": (
        lambda wechat: wechat.sealed(
            type(wechat.envelope)(AES_KEY, "wxffffffffffffffff").encrypt(text(wechat).encode())),
        "wrong-app-id"),
}  # fmt: skip


@pytest.mark.parametrize("name", SEALED_BAD)
@pytest.mark.parametrize("live", ["safe"], indirect=True)
def test_what_is_not_sealed_rightly_is_refused_in_safe_mode(live: Live, name: str) -> None:
    make, reason = SEALED_BAD[name]
    live.refused(lambda: live.post(make(live.wechat)), reason)


def test_a_body_that_ends_before_its_length_harms_nobody(live: Live) -> None:
    def cut_off() -> None:
        delivery = live.wechat.deliver(text(live.wechat))
        parts = urlsplit(live.bot.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
            head = f"POST /wechat?{delivery.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
            connection.sendall(head.encode() + delivery.body)

    live.keeps_its_secrets(live.bot.log_of(cut_off))
    assert live.say("still there?") == "你说：still there?"


# -- what is odd, and answered all the same


def typed(msg_type: str, inner: str) -> Callable[[WeChat], Delivery]:
    """Return a delivery of a type whose elements contain `{id}` for a new MsgId."""
    return lambda wechat: wechat.deliver(wechat.message(msg_type, inner.replace("{id}", str(next(_ids)))))


def event_of(name: str, inner: str = "") -> Callable[[WeChat], Delivery]:
    return lambda wechat: wechat.deliver(wechat.event(name, inner, created=next(_ids)))


FORGED = "]]></Content><MsgId>9</MsgId><FromUserName><![CDATA[o]]></FromUserName><Content><![CDATA["
SPOKEN: dict[str, tuple[bytes, str]] = {
    "the end of a section": (b"a]]>b", "a]]>b"),
    "only the end of a section": (b"]]>", "]]>"),
    "the end of the document": (b"]]></Content></xml>", "]]></Content></xml>"),
    "a forged message": (FORGED.encode(), FORGED),
    "a forged element": (b"]]><MsgId>9</MsgId><![CDATA[", "]]><MsgId>9</MsgId><![CDATA["),
    "a forged ciphertext": (b"]]></Content><Encrypt>x</Encrypt>", "]]></Content><Encrypt>x</Encrypt>"),
    "a doctype": (b"]]><!DOCTYPE xml>", "]]><!DOCTYPE xml>"),
    "a deep document": (b"]]>" + b"<a>" * 50, "]]>" + "<a>" * 50),
    "a cut character": (b"a\xe4\xbd", "a\ufffd"),
    "half a surrogate pair": (b"a\xed\xa0\x80b", "a" + "\ufffd" * 3 + "b"),
    "bytes that are no UTF-8": (b"\xff\xfe", "\ufffd\ufffd"),
    "a character that XML forbids": (b"a\xef\xbf\xbeb", "a\ufffdb"),
    "control characters": (b"a\x00\x1db", "ab"),
    "references": (b"&#xD800; &amp; &", "&#xD800; &amp; &"),
}


@pytest.mark.parametrize("name", SPOKEN)
def test_what_a_person_types_is_answered_in_every_mode(live: Live, name: str) -> None:
    sent, right = SPOKEN[name]
    xml = live.wechat.text("HERE", next(_ids)).encode().replace(b"HERE", sent)
    answers: list[requests.Response] = []
    lines = live.bot.log_of(lambda: answers.append(live.post(live.wechat.deliver(xml))))
    assert answers[0].status_code == 200
    assert live.wechat.content(answers[0].content) == f"你说：{right}"
    (line,) = [line for line in lines if "[gate]" not in line]
    assert f"openid={OPENID}" in line
    assert "type=text" in line
    warnings = [line for line in lines if "[gate]" in line]
    assert len(warnings) == (name not in ("control characters", "references"))
    live.keeps_its_secrets([line for line in lines if "type=text" not in line])


LACKING: dict[str, tuple[Make, tuple[str, ...]]] = {
    "no MsgId": (typed("text", "<Content>private</Content>"), ("MsgId",)),
    "bad MsgId": (typed("text", "<Content>private words</Content><MsgId>x</MsgId>"), ("MsgId",)),
    "no Content": (typed("text", "<MsgId>{id}</MsgId>"), ("Content",)),
    "an image without MediaId": (typed("image", "<PicUrl>x</PicUrl><MsgId>{id}</MsgId>"), ("MediaId",)),
    "a voice without MediaId": (typed("voice", "<Format>amr</Format><MsgId>{id}</MsgId>"), ("MediaId",)),
    "a video without MediaId": (typed("video", "<MsgId>{id}</MsgId>"), ("MediaId", "ThumbMediaId")),
    "a place without numbers": (
        typed("location", "<Scale>1</Scale><Label>l</Label><MsgId>{id}</MsgId>"),
        ("Location_X", "Location_Y")),
    "a link without Url": (
        typed("link", "<Title>t</Title><Description>d</Description><MsgId>{id}</MsgId>"), ("Url",)),
    "no Event": (lambda wechat: wechat.deliver(wechat.message("event", "", created=next(_ids))), ("Event",)),
    "a tap without EventKey": (event_of("CLICK"), ("EventKey",)),
    "a scan without ScanCodeInfo": (
        event_of("scancode_waitmsg", "<EventKey>6</EventKey>"), ("ScanCodeInfo",)),
    "no FromUserName": (
        lambda wechat: wechat.deliver(
            wechat.message("text", f"<Content>x</Content><MsgId>{next(_ids)}</MsgId>", openid="")),
        ("FromUserName",)),
    "no CreateTime": (
        lambda wechat: wechat.deliver(
            wechat.text("x", next(_ids)).replace("<CreateTime>1662522877</CreateTime>", "")),
        ("CreateTime",)),
}  # fmt: skip


@pytest.mark.parametrize("name", LACKING)
def test_what_lacks_an_element_is_answered_with_one_warning_that_names_it(live: Live, name: str) -> None:
    make, names = LACKING[name]
    answers: list[requests.Response] = []
    lines = live.bot.log_of(lambda: answers.append(live.post(make(live.wechat))))
    assert answers[0].status_code == 200
    (warning,) = [line for line in lines if "[gate]" in line]
    assert f"read as empty: {', '.join(names)} type=" in warning
    assert "WARNING" in warning
    live.keeps_its_secrets([line for line in lines if "[gate]" not in line])
    metrics = live.metrics()
    for element in names:
        assert f'bot_missing_elements_total{{element="{element}"}}' in metrics


@pytest.mark.parametrize("place", ["Title", "Description", "Url"])
def test_a_broken_link_is_answered_as_any_other(live: Live, place: str) -> None:
    parts = {"Title": "t", "Description": "d", "Url": "u"} | {place: "a]]>b\ufffe"}
    inner = "".join(f"<{name}><![CDATA[{text}]]></{name}>" for name, text in parts.items())
    ordinary = live.post(typed("link", "<Title>t</Title><Url>u</Url><MsgId>{id}</MsgId>")(live.wechat))
    broken = live.post(typed("link", inner + "<MsgId>{id}</MsgId>")(live.wechat))
    assert broken.status_code == ordinary.status_code == 200
    assert live.wechat.content(broken.content) == live.wechat.content(ordinary.content)
    assert "bot_mended_deliveries_total" in live.metrics()


# -- what is good


def test_the_consoles_verification_gets_its_echostr_and_nothing_else(live: Live) -> None:
    answer = live.get(live.wechat.query(echostr="4375120948345356249"))
    assert (answer.status_code, answer.content) == (200, b"4375120948345356249")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature": "0" * 40, "echostr": "1"}, "bad-signature"),
        ({"signature": "é", "echostr": "1"}, "bad-signature"),
        ({"timestamp": "1", "echostr": "1"}, "stale"),
        ({}, "no-echostr"),
    ],
)
def test_a_wrong_verification_is_refused(live: Live, changes: dict[str, str], reason: str) -> None:
    live.refused(lambda: live.get(live.wechat.query(**changes)), reason)


def test_an_echostr_is_not_shown_as_a_page(live: Live) -> None:
    answer = live.get(live.wechat.query(echostr="<script>alert(1)</script>"))
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_control_characters_in_a_good_message_are_dropped_and_it_is_answered(live: Live) -> None:
    assert live.say("a\x00b\x1dc") == "你说：abc"


@pytest.mark.parametrize("said", ["]] >&amp;<b>", "😀𠮷 \n\t", " ", "%s{0}$x\\"])
def test_any_text_comes_back_as_it_was_typed(live: Live, said: str) -> None:
    assert live.say(said) == f"你说：{said}"


def test_the_reply_goes_from_us_to_the_user(live: Live) -> None:
    answer = live.post(live.wechat.deliver(live.wechat.text("x", next(_ids))))
    reply = live.wechat.read(answer.content)
    assert reply.findtext("ToUserName") == OPENID
    assert reply.findtext("FromUserName") == ORIGINAL_ID
    assert abs(int(reply.findtext("CreateTime") or 0) - time.time()) < 60
    assert (b"<Encrypt>" in answer.content) == (live.mode != "plain")


@pytest.mark.parametrize(
    "make",
    [
        lambda wechat: wechat.event("debug_demo", "<debug_str>hello</debug_str>"),
        lambda wechat: wechat.event("VIEW", "<EventKey>http://x</EventKey>"),
        lambda wechat: wechat.event("unsubscribe"),
        lambda wechat: wechat.message("sticker", ONE),
    ],
)
def test_what_has_no_answer_is_answered_success(live: Live, make: Callable[[WeChat], str]) -> None:
    answer = live.post(live.wechat.deliver(make(live.wechat)))
    assert (answer.status_code, answer.content) == (200, b"success")


def test_three_deliveries_of_one_message_get_one_answer_sealed_anew(live: Live) -> None:
    xml = live.wechat.text("x", next(_ids))
    answers = [live.post(live.wechat.deliver(xml)).content for _ in range(3)]
    assert {live.wechat.content(answer) for answer in answers} == {"你说：x"}
    assert len(set(answers)) == (1 if live.mode == "plain" else 3)


def test_a_good_message_is_one_line_without_its_text(live: Live) -> None:
    lines = live.bot.log_of(lambda: live.say("private words"))
    (line,) = lines
    live.keeps_its_secrets(lines)
    for fact in (
        "path=/wechat",
        "status=200",
        "type=text",
        f"openid={OPENID}",
        "route=chat.echo",
        "attempt=1",
    ):
        assert fact in line
    assert "ms=" in line


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(live: Live, http: requests.Session, method: str) -> None:
    assert http.request(method, live.bot.callback, timeout=60).status_code == 405


@pytest.mark.parametrize(
    "path", ["/" + quote("\nforged line"), "/a%00b", "/%ff", "/wechat/x", "/" + "x" * 3000]
)
def test_an_odd_path_is_not_found_and_one_line(live: Live, http: requests.Session, path: str) -> None:
    answers: list[requests.Response] = []
    lines = live.bot.log_of(lambda: answers.append(http.get(live.bot.url + path, timeout=60)))
    assert answers[0].status_code == 404
    assert len(lines) == 1


def test_no_path_forges_a_fact(live: Live, http: requests.Session) -> None:
    lines = live.bot.log_of(lambda: http.get(live.bot.url + "/a result=reply", timeout=60))
    assert ' path="/a result=reply" ' in lines[0]


def test_a_form_posted_to_us_is_only_a_bad_delivery(live: Live, http: requests.Session) -> None:
    query = urlencode(live.wechat.fields("x"))

    def post() -> requests.Response:
        return http.post(f"{live.bot.callback}?{query}", data={"Content": "private"}, timeout=60)

    live.refused(post, "bad-xml")
