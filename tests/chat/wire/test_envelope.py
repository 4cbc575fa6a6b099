"""Signature and AES envelope: WeChat's published vectors bit for bit, and both directions against the
sandbox's own implementation."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.wire.envelope import Envelope, sign
from bot.chat.wire.gate import Gate
from bot.chat.wire.seal import encrypted
from bot.errors import Refused
from bot.store.signing import is_same
from tests.chat.deliveries import message, status
from tests.conftest import AES_KEY, APP_ID, Clock, MakeConfig
from wechat_sandbox.push import envelope as witness

# Vectors of WeChat's documents ("message push") and of WXBizMsgCrypt's demo.
DEMO = {"token": "AAAAA", "encoding_aes_key": "A" * 43, "app_id": "wxba5fad812f8e6fb9"}
V3_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv"
    "6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNq"
    "J4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
V3_PLAIN = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,'
    '"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)
V4_ENCRYPT = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
V5_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
V5_ENCRYPT = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="


def fixed(prefix: bytes) -> Callable[[int], bytes]:
    return lambda size: prefix if size == len(prefix) else pytest.fail(f"asked for {size} random bytes")


def test_v1_the_consoles_get_is_answered_with_its_echostr(make_config: MakeConfig) -> None:
    gate = Gate(make_config(**DEMO), Clock(1714036504))
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    assert gate.verify(query) == "4375120948345356249"
    with pytest.raises(Refused) as refusal:
        gate.verify({**query, "signature": "e" + query["signature"][1:]})
    assert refusal.value.status == 403


def test_v2_a_plain_delivery_passes_with_the_documented_signature(make_config: MakeConfig) -> None:
    gate = Gate(make_config(**DEMO, original_id="gh_97417a04a28d"), Clock(1714037059))
    query = {
        "signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78",
        "timestamp": "1714037059",
        "nonce": "486452656",
    }
    xml = message("event", "<Event>debug_demo</Event>", account="gh_97417a04a28d")
    opened = gate.open(query, xml.encode)
    assert opened.incoming.event == "debug_demo"
    assert not opened.encrypted


def test_v3_the_documented_ciphertext_opens_and_is_made_again(make_config: MakeConfig) -> None:
    envelope = Envelope(DEMO["encoding_aes_key"], DEMO["app_id"], fixed(b"a8eedb185eb2fecf"))
    assert envelope.decrypt(V3_ENCRYPT).decode() == V3_PLAIN
    assert envelope.encrypt(V3_PLAIN.encode()) == V3_ENCRYPT
    timestamp, nonce = "1714112445", "415670741"
    assert sign("AAAAA", timestamp, nonce) == "6c5c811b55cc85e0e1b54100749188c20beb3f5d"
    assert sign("AAAAA", timestamp, nonce, V3_ENCRYPT) == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    # Through the gate: its content is JSON, so the fault found in it shows that everything before it passed.
    gate = Gate(make_config(**DEMO, mode="safe"), Clock(1714112445))
    query = {
        "signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
        "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
        "timestamp": timestamp,
        "nonce": nonce,
    }
    body = f"<xml><ToUserName>gh_97417a04a28d</ToUserName><Encrypt>{V3_ENCRYPT}</Encrypt></xml>"
    with pytest.raises(Refused) as refusal:
        gate.open(query, body.encode)
    assert refusal.value.reason == "bad-xml"


def test_v4_the_documented_reply_is_sealed_byte_for_byte() -> None:
    envelope = Envelope(DEMO["encoding_aes_key"], DEMO["app_id"], fixed(b"707722b803182950"))
    sealed = encrypted(b'{"demo_resp":"good luck"}', envelope, DEMO["token"], "1713424427", "415670741")
    assert sealed.decode() == (
        f"<xml><Encrypt><![CDATA[{V4_ENCRYPT}]]></Encrypt>"
        "<MsgSignature><![CDATA[1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1]]></MsgSignature>"
        "<TimeStamp>1713424427</TimeStamp><Nonce><![CDATA[415670741]]></Nonce></xml>"
    )
    assert envelope.decrypt(V4_ENCRYPT) == b'{"demo_resp":"good luck"}'


def test_v5_the_demos_chinese_text_goes_both_ways() -> None:
    envelope = Envelope(V5_KEY, "wxb11529c136998cb6", fixed(b"aaaabbbbccccdddd"))
    assert envelope.encrypt("我是中文abcd123".encode()) == V5_ENCRYPT
    assert envelope.decrypt(V5_ENCRYPT).decode() == "我是中文abcd123"
    signature = sign("pamtest", "1409304348", "xxxxxx", V5_ENCRYPT)
    assert signature == "82c962d39941aa48552f90ef55aa323dc620cc10"


def test_v7_a_key_whose_last_bits_are_not_zero_decrypts() -> None:
    envelope = Envelope("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")
    echostr = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
    assert envelope.decrypt(echostr) == b"5927782489442352469"
    assert sign("123456", "1411443780", "437374425", echostr) == "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"


OURS = Envelope(AES_KEY, APP_ID)
THEIRS = witness.Envelope(AES_KEY, APP_ID)


@given(st.binary(max_size=300))
def test_what_one_side_seals_the_other_opens(content: bytes) -> None:
    assert THEIRS.decrypt(OURS.encrypt(content)) == content
    assert OURS.decrypt(THEIRS.encrypt(content)) == content


@given(st.binary(max_size=100), st.data())
def test_a_damaged_ciphertext_is_refused_or_only_garbled_inside(content: bytes, data: st.DataObject) -> None:
    sealed = bytearray(base64.b64decode(OURS.encrypt(content)))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    damaged = base64.b64encode(sealed).decode()
    if status(lambda: OURS.decrypt(damaged)) == 200:
        assert len(OURS.decrypt(damaged)) == len(content)


@given(st.text(max_size=120))
def test_no_text_in_the_place_of_a_ciphertext_raises_anything_but_a_refusal(text: str) -> None:
    assert status(lambda: OURS.decrypt(text)) in (400, 403)


@given(st.text(max_size=60).map(lambda text: text.encode().decode("latin-1")))
def test_a_signature_of_any_characters_can_be_compared(text: str) -> None:
    wanted = sign("token", "1", "2")
    assert is_same(text, wanted) == (text == wanted)


def test_the_random_prefix_differs_for_every_message() -> None:
    assert OURS.encrypt(b"x") != OURS.encrypt(b"x")
