"""The cryptography of the callback against public vectors (protocol §1.6) and against wechatpy's own."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from wechat_sandbox.push.envelope import Envelope, EnvelopeError, signature

V3_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv"
    "6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNq"
    "J4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
ZERO_KEY = "A" * 43
V3_APP_ID = "wxba5fad812f8e6fb9"
KEY, APP_ID = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6"


def test_rule_04_vector_v1_signature_of_a_verification() -> None:
    assert signature("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_rule_04_vector_v2_signature_of_a_plain_delivery() -> None:
    assert signature("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_rule_04_vector_v3_safe_delivery() -> None:
    assert signature("AAAAA", "1714112445", "415670741") == "6c5c811b55cc85e0e1b54100749188c20beb3f5d"
    signed = signature("AAAAA", "1714112445", "415670741", V3_ENCRYPT)
    assert signed == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    message = Envelope(ZERO_KEY, V3_APP_ID).decrypt(V3_ENCRYPT)
    assert len(message) == 167
    assert json.loads(message)["Event"] == "debug_demo"
    assert Envelope(ZERO_KEY, V3_APP_ID).encrypt(message, prefix=b"a8eedb185eb2fecf") == V3_ENCRYPT


def test_rule_04_vector_v4_safe_reply() -> None:
    sealed = Envelope(ZERO_KEY, V3_APP_ID).encrypt(b'{"demo_resp":"good luck"}', prefix=b"707722b803182950")
    assert sealed == (
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    signed = signature("AAAAA", "1713424427", "415670741", sealed)
    assert signed == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


def test_rule_04_vector_v5_chinese_text() -> None:
    sealed = Envelope(KEY, APP_ID).encrypt("我是中文abcd123".encode(), prefix=b"aaaabbbbccccdddd")
    assert sealed == (
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    )
    signed = signature("pamtest", "1409304348", "xxxxxx", sealed)
    assert signed == "82c962d39941aa48552f90ef55aa323dc620cc10"


def test_rule_04_vector_v7_key_with_loose_last_bits() -> None:
    envelope = Envelope("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")
    echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
    assert envelope.decrypt(echo) == b"5927782489442352469"
    assert signature("123456", "1411443780", "437374425", echo) == "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"


@given(st.binary(max_size=300))
def test_whatever_is_sealed_can_be_opened(message: bytes) -> None:
    envelope = Envelope(KEY, APP_ID)
    assert envelope.decrypt(envelope.encrypt(message)) == message


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_wechatpy_opens_what_is_sealed_and_seals_what_can_be_opened(message: str) -> None:
    theirs = WeChatCrypto("token", KEY, APP_ID)
    ours = Envelope(KEY, APP_ID)
    sealed = ours.encrypt(message.encode())
    signed = signature("token", "1", "2", sealed)
    envelope = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    opened = theirs.decrypt_message(envelope, signed, "1", "2")
    assert (opened.decode() if isinstance(opened, bytes) else opened) == message


@given(st.binary(max_size=100), st.integers(0, 10**6), st.integers(1, 255))
def test_a_damaged_envelope_never_opens_as_the_same_message(message: bytes, place: int, flip: int) -> None:
    envelope = Envelope(KEY, APP_ID)
    sealed = bytearray(base64.b64decode(envelope.encrypt(message)))
    sealed[place % len(sealed)] ^= flip
    try:
        opened = envelope.decrypt(base64.b64encode(sealed).decode())
    except EnvelopeError:
        return
    assert opened != message


def test_rule_05_padding_reaches_32_and_the_prefix_is_random() -> None:
    envelope = Envelope(KEY, APP_ID)
    for size in range(64):
        sealed = base64.b64decode(envelope.encrypt(b"x" * size))
        assert len(sealed) % 32 == 0
        assert len(sealed) > 16 + 4 + size + len(APP_ID)
    assert envelope.encrypt(b"same") != envelope.encrypt(b"same")


@pytest.mark.parametrize(
    ("sealed", "code", "reason"),
    [
        ("no base64!", -40010, "not base64"),
        ("", -40007, "0 bytes"),
        ("AAAA", -40007, "3 bytes, must be a multiple of 16"),
        (Envelope(KEY, "wx0000000000000000").encrypt(b"hello"), -40005, "wx0000000000000000"),
        (Envelope(ZERO_KEY, APP_ID).encrypt(b"hello"), -40007, "wrong key"),
    ],
    ids=["not base64", "empty", "not whole blocks", "another AppID", "another key"],
)
def test_rule_06_what_cannot_be_opened_says_why(sealed: str, code: int, reason: str) -> None:
    with pytest.raises(EnvelopeError, match=reason) as caught:
        Envelope(KEY, APP_ID).decrypt(sealed)
    assert caught.value.code == code


def test_rule_06_padding_to_16_is_refused() -> None:
    key = base64.b64decode(KEY + "=")
    plain = b"r" * 16 + (5).to_bytes(4, "big") + b"hello" + APP_ID.encode()
    padded = plain + bytes([48 - len(plain)]) * (48 - len(plain))
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
    with pytest.raises(EnvelopeError, match="multiple of 32, not of 16") as caught:
        Envelope(KEY, APP_ID).decrypt(sealed)
    assert caught.value.code == -40007
