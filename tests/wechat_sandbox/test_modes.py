"""The encrypted modes, with wechatpy on the other side (rules 4, 5, 6)."""

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
from wechatpy.crypto import WeChatCrypto

from tests.launch import Sandbox
from tests.wechat_sandbox.callback import Answer, CallbackServer, Received, text


class SafeSide:
    """A follower, the sandbox in one of the encrypted modes, and the server's own crypto."""

    def __init__(self, sandbox: Sandbox, server: CallbackServer) -> None:
        self.sandbox, self.server = sandbox, server
        self.account = sandbox.state()["account"]
        self.openid = sandbox.add_user("小刚", subscribed=True)
        self.crypto = self.crypto_of(self.account["app_id"])
        sandbox.set_callback(server.url)

    def crypto_of(self, app_id: str, token: str = "", key: str = "") -> WeChatCrypto:
        return WeChatCrypto(token or self.account["token"], key or self.account["aes_key"], app_id)

    def opened(self, received: Received) -> ElementTree.Element:
        query = received.query
        xml = self.crypto.decrypt_message(
            received.body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        return ElementTree.fromstring(xml)

    def answers(self, body: str) -> dict:
        self.server.says(Answer(body))
        return self.sandbox.send(self.openid, content="hi")


@pytest.fixture
def safe(start: Callable[..., Sandbox], server: CallbackServer) -> Iterator[SafeSide]:
    return SafeSide(start("--mode", "safe"), server)


@pytest.fixture
def compatible(start: Callable[..., Sandbox], server: CallbackServer) -> Iterator[SafeSide]:
    return SafeSide(start("--mode", "compatible"), server)


def test_rule_04_a_safe_body_shows_the_receiver_only(safe: SafeSide) -> None:
    safe.sandbox.send(safe.openid, content="秘密")
    [received] = safe.server.deliveries
    assert [child.tag for child in received.xml] == ["ToUserName", "Encrypt"]
    assert received.query["encrypt_type"] == "aes"
    assert list(received.query) == [
        "signature",
        "timestamp",
        "nonce",
        "openid",
        "encrypt_type",
        "msg_signature",
    ]
    inner = safe.opened(received)
    assert (inner.findtext("Content"), inner.findtext("FromUserName")) == ("秘密", safe.openid)
    assert inner.find("Encrypt") is None


def test_rule_04_a_compatible_body_has_both(compatible: SafeSide) -> None:
    compatible.sandbox.send(compatible.openid, content="公开")
    [received] = compatible.server.deliveries
    assert received.text("Content") == "公开"
    assert compatible.opened(received).findtext("Content") == "公开"


def test_rule_05_the_same_message_is_sealed_differently_each_time(safe: SafeSide) -> None:
    for _ in range(2):
        safe.sandbox.send(safe.openid, content="hi", msg_id=1, create_time=1)
    first, second = safe.server.deliveries
    assert first.text("Encrypt") != second.text("Encrypt")


def test_rule_07_a_retry_is_the_very_same_envelope(safe: SafeSide) -> None:
    safe.server.says(Answer(status=500))
    safe.sandbox.send(safe.openid, content="hi")
    assert len({(d.body, tuple(d.query.items())) for d in safe.server.deliveries}) == 1


@pytest.mark.parametrize("mode", ["safe", "compatible"])
def test_rule_06_a_sealed_reply_is_shown(mode: str, request: pytest.FixtureRequest) -> None:
    side: SafeSide = request.getfixturevalue(mode)
    result = side.answers(side.crypto.encrypt_message(text(side.openid, "回复"), "nonce", "1700000000"))
    assert [message["content"] for message in result["shown"]] == ["回复"]
    [entry] = side.sandbox.deliveries()
    assert "回复" in entry["response_xml"]
    assert "回复" not in entry["response_raw"]
    assert "hi" in entry["request_xml"]


@pytest.mark.parametrize("body", ["success", ""])
def test_rule_06_success_and_nothing_stay_plain(safe: SafeSide, body: str) -> None:
    assert safe.answers(body)["deliveries"][0]["outcome"] in ("success", "empty")


def test_rule_06_compatible_mode_takes_a_plain_reply(compatible: SafeSide) -> None:
    result = compatible.answers(text(compatible.openid, "明文"))
    assert [message["content"] for message in result["shown"]] == ["明文"]


def refused(side: SafeSide, body: str) -> str:
    result = side.answers(body)
    assert [delivery["outcome"] for delivery in result["deliveries"]] == ["bad-reply"] * 3
    error: str = result["deliveries"][0]["error"]
    return error


def test_rule_06_safe_mode_refuses_plain_xml(safe: SafeSide) -> None:
    assert "plain XML in safe mode" in refused(safe, text(safe.openid, "明文"))


def test_rule_06_a_wrong_signature_is_refused(safe: SafeSide) -> None:
    other = safe.crypto_of(safe.account["app_id"], token="another")
    sealed = other.encrypt_message(text(safe.openid, "hi"), "nonce", "1700000000")
    assert refused(safe, sealed).startswith("MsgSignature: does not match")


def test_rule_06_another_app_id_is_refused(safe: SafeSide) -> None:
    other = safe.crypto_of("wx0000000000000000")
    sealed = other.encrypt_message(text(safe.openid, "hi"), "nonce", "1700000000")
    error = refused(safe, sealed)
    assert "-40005" in error
    assert "wx0000000000000000" in error


def test_rule_06_another_key_is_refused(safe: SafeSide) -> None:
    other = safe.crypto_of(safe.account["app_id"], key="A" * 43)
    sealed = other.encrypt_message(text(safe.openid, "hi"), "nonce", "1700000000")
    assert "Encrypt: -400" in refused(safe, sealed)


@pytest.mark.parametrize("name", ["MsgSignature", "TimeStamp", "Nonce"])
def test_rule_06_an_incomplete_envelope_is_refused(safe: SafeSide, name: str) -> None:
    sealed = safe.crypto.encrypt_message(text(safe.openid, "hi"), "nonce", "1700000000")
    assert f"{name}: missing" in refused(safe, sealed.replace(name, "Other"))


def test_rule_06_the_decrypted_reply_is_judged_too(safe: SafeSide) -> None:
    sealed = safe.crypto.encrypt_message(text(safe.openid, ""), "nonce", "1700000000")
    assert "Content: must not be empty" in refused(safe, sealed)
    sealed = safe.crypto.encrypt_message('{"a":1}', "nonce", "1700000000")
    assert "the decrypted reply is JSON" in refused(safe, sealed)


def test_the_verification_is_plain_in_every_mode(safe: SafeSide) -> None:
    verification = safe.server.received[0]
    assert set(verification.query) == {"signature", "timestamp", "nonce", "echostr"}
    assert verification.query["echostr"].isdigit()
