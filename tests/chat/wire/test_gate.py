"""The gate in all three modes: what passes, and by which word the rest is refused."""

import base64
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from bot.chat.wire.gate import MAX_BODY, Gate
from bot.config import Config
from bot.errors import Refused, StoreError
from bot.store import Store, open_store
from tests.chat.deliveries import NONCE, OPENID, Delivery, WeChat, message
from tests.chat.wire.test_broken_xml import TEXTS
from tests.conftest import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN, Clock, MakeConfig

MODES = ("plain", "compatible", "safe")
SEALED = ("compatible", "safe")


class Side:
    """A gate and the WeChat that sends to it."""

    def __init__(self, make_config: MakeConfig, mode: str, **settings: object) -> None:
        self.clock = Clock()
        self.config = make_config(mode=mode, **settings)
        self.gate = Gate(self.config, self.clock)
        self.guard: Store | None = None
        self.wechat = WeChat(self.config, self.clock)

    def open(self, delivery: Delivery) -> str:
        opened = self.gate.open(dict(parse_qsl(delivery.query)), lambda: delivery.body)
        return str(opened.incoming.text)

    def refused(self, delivery: Delivery) -> tuple[int, str]:
        with pytest.raises(Refused) as refusal:
            self.open(delivery)
        return refusal.value.status, refusal.value.reason


@pytest.fixture(params=MODES)
def side(request: pytest.FixtureRequest, make_config: MakeConfig) -> Side:
    return Side(make_config, request.param)


@pytest.fixture(params=SEALED)
def sealed(request: pytest.FixtureRequest, make_config: MakeConfig) -> Side:
    return Side(make_config, request.param)


@pytest.fixture
def safe(make_config: MakeConfig) -> Side:
    return Side(make_config, "safe")


def test_a_good_message_passes_in_every_mode(side: Side) -> None:
    assert side.open(side.wechat.deliver(side.wechat.text("你好 &lt; \n"))) == "你好 &lt; \n"


def name_of_signature(side: Side) -> str:
    return "signature" if side.config.mode == "plain" else "msg_signature"


@pytest.mark.parametrize("wrong", ["0" * 40, "é" * 40, "签名", "\x00", "A" * 5000, "[]"])
def test_a_wrong_signature_is_refused(side: Side, wrong: str) -> None:
    delivery = side.wechat.deliver(side.wechat.text("x"), **{name_of_signature(side): wrong})
    assert side.refused(delivery) == (403, "bad-signature")


def test_an_upper_case_signature_is_not_ours(side: Side) -> None:
    name = name_of_signature(side)
    delivery = side.wechat.deliver(side.wechat.text("x"))
    right = dict(parse_qsl(delivery.query))[name]
    assert side.refused(Delivery(delivery.query.replace(right, right.upper()), delivery.body))[0] == 403


@pytest.mark.parametrize("field", ["signature", "timestamp", "nonce"])
def test_a_missing_part_of_the_signature_is_refused(side: Side, field: str) -> None:
    delivery = side.wechat.deliver(side.wechat.text("x"))
    name = name_of_signature(side) if field == "signature" else field
    pairs = [(key, value) for key, value in parse_qsl(delivery.query) if key != name]
    query = "&".join(f"{key}={value}" for key, value in pairs)
    assert side.refused(Delivery(query, delivery.body)) == (403, "no-signature")


def test_a_timestamp_outside_the_window_is_refused_on_both_sides(side: Side) -> None:
    window = side.config.freshness_seconds
    for offset, passes in ((-window, True), (-window - 1, False), (window, True), (window + 1, False)):
        stamp = str(int(side.clock.now) + offset)
        delivery = side.wechat.deliver(side.wechat.text("x"), timestamp=stamp)
        if passes:
            assert side.open(delivery) == "x"
        else:
            assert side.refused(delivery) == (403, "stale")


@pytest.mark.parametrize("stamp", ["-1", "1e9", " 1700000000", "١٧٠٠٠٠٠٠٠٠", "9" * 40, "1700000000.0"])
def test_a_timestamp_that_is_no_number_is_refused(side: Side, stamp: str) -> None:
    assert side.refused(side.wechat.deliver(side.wechat.text("x"), timestamp=stamp)) == (403, "bad-timestamp")


def test_a_retry_with_the_first_deliverys_query_still_passes(side: Side) -> None:
    delivery = side.wechat.deliver(side.wechat.text("x"))
    side.clock.advance(15)
    assert side.open(delivery) == "x"


def test_a_message_for_another_account_is_refused(side: Side) -> None:
    other = message("text", "<Content>x</Content><MsgId>1</MsgId>", account="gh_ffffffffffff")
    assert side.refused(side.wechat.deliver(other)) == (403, "wrong-receiver")


def test_a_body_over_the_limit_is_refused_unread(side: Side) -> None:
    assert side.refused(side.wechat.plain(b"<" * (MAX_BODY + 1))) == (400, "body-too-large")


# -- safe mode cannot be left


@pytest.mark.parametrize("drop", [True, False])
def test_safe_mode_refuses_a_plain_body_whatever_the_query_says(safe: Side, drop: bool) -> None:
    changes = {} if drop else {"encrypt_type": "raw", "msg_signature": "0" * 40}
    delivery = safe.wechat.plain(safe.wechat.text("x").encode(), **changes)
    assert safe.refused(delivery) == (403, "plain-body")


def test_safe_mode_opens_a_sealed_body_without_encrypt_type(safe: Side) -> None:
    delivery = safe.wechat.deliver(safe.wechat.text("x"), encrypt_type="raw")
    assert safe.open(delivery) == "x"


def test_safe_mode_does_not_take_the_plain_signature_for_a_sealed_body(safe: Side) -> None:
    delivery = safe.wechat.deliver(safe.wechat.text("x"), msg_signature="")
    assert safe.refused(delivery) == (403, "no-signature")


@pytest.mark.parametrize(
    "other", ["", "<Encrypt/>", "<Encrypt><a>1</a></Encrypt>", "<Encrypt>a</Encrypt>" * 2]
)
def test_safe_mode_wants_exactly_one_ciphertext(safe: Side, other: str) -> None:
    delivery = safe.wechat.plain(f"<xml><ToUserName>x</ToUserName>{other}</xml>".encode())
    assert safe.refused(delivery) == (403, "plain-body")


def test_compatible_mode_believes_the_ciphertext_not_the_fields_beside_it(
    make_config: MakeConfig,
) -> None:
    side = Side(make_config, "compatible")
    encrypted = side.wechat.envelope.encrypt(side.wechat.text("signed").encode())
    outer = side.wechat.text("forged").removesuffix("</xml>").encode()
    assert side.open(side.wechat.sealed(encrypted, outer=outer)) == "signed"


def test_compatible_mode_takes_a_plain_body_with_the_plain_signature(make_config: MakeConfig) -> None:
    side = Side(make_config, "compatible")
    assert side.open(side.wechat.plain(side.wechat.text("x").encode())) == "x"


def test_plain_mode_does_not_open_ciphertexts(make_config: MakeConfig) -> None:
    side = Side(make_config, "plain")
    encrypted = side.wechat.envelope.encrypt(side.wechat.text("x").encode())
    assert side.refused(side.wechat.sealed(encrypted)) == (403, "encrypted-body")
    receiver = f"<xml><ToUserName>{ORIGINAL_ID}</ToUserName>".encode()
    assert side.refused(side.wechat.sealed(encrypted, outer=receiver)) == (403, "encrypted-body")


def test_plain_mode_reads_the_fields_of_compatible_mode(make_config: MakeConfig) -> None:
    side = Side(make_config, "plain")
    encrypted = side.wechat.envelope.encrypt(side.wechat.text("x").encode())
    outer = side.wechat.text("x").removesuffix("</xml>").encode()
    assert side.open(side.wechat.sealed(encrypted, outer=outer)) == "x"


@pytest.mark.parametrize(("ours", "theirs"), [("plain", "safe"), ("safe", "plain")])
def test_a_mode_that_is_not_the_consoles_is_said_once(
    make_config: MakeConfig, log: pytest.LogCaptureFixture, ours: str, theirs: str
) -> None:
    side = Side(make_config, ours)
    console = WeChat(make_config(mode=theirs), side.clock)
    for number in range(3):
        assert side.refused(console.deliver(console.text("x", msg_id=number)))[0] == 403
    (line,) = [record.getMessage() for record in log.records if "MODE" in record.getMessage()]
    assert f"MODE is {ours}" in line
    assert f"set MODE = '{theirs}'" in line


# -- what is inside the envelope


def crypt(key: str, data: bytes) -> str:
    """`data` encrypted as it is: the padding is the caller's."""
    aes = base64.b64decode(key + "=")
    encryptor = Cipher(algorithms.AES(aes), modes.CBC(aes[:16])).encryptor()
    return base64.b64encode(encryptor.update(data) + encryptor.finalize()).decode()


def padded(message: bytes, length: int | None = None, app_id: str = APP_ID) -> bytes:
    data = b"r" * 16 + (len(message) if length is None else length).to_bytes(4, "big") + message
    data += app_id.encode()
    pad = 32 - len(data) % 32
    return data + bytes([pad]) * pad


@pytest.mark.parametrize(
    ("encrypted", "expected"),
    [
        ("not base64!", (400, "bad-base64")),
        ("AAAA" * 5 + "A", (400, "bad-base64")),
        ("中文", (400, "bad-base64")),
        ("AAAA" * 5, (400, "bad-length")),
        ("====", (400, "bad-base64")),
        (crypt(AES_KEY, b"x" * 31 + b"\x00"), (400, "bad-padding")),
        (crypt(AES_KEY, b"x" * 31 + b"\x21"), (400, "bad-padding")),
        (crypt(AES_KEY, b"x" * 31 + b"\x02"), (400, "bad-padding")),
        (crypt(AES_KEY, b"\x20" * 16), (400, "bad-padding")),
        (crypt(AES_KEY, b"\x20" * 32), (400, "bad-length")),
        (crypt(AES_KEY, b"x" * 19 + b"\x0d" * 13), (400, "bad-length")),
        (crypt(AES_KEY, padded(b"<xml/>", length=2**32 - 1)), (400, "bad-length")),
        (crypt(AES_KEY, padded(b"<xml/>", length=7)), (403, "wrong-app-id")),
        (crypt(AES_KEY, padded(b"<xml/>", app_id="wxffffffffffffffff")), (403, "wrong-app-id")),
        (crypt(AES_KEY, padded(b"<xml/>", app_id="")), (403, "wrong-app-id")),
        (crypt("B" * 43, padded(b"<xml/>")), (400, "bad-padding")),
        (crypt(AES_KEY, padded(b"{}")), (400, "bad-xml")),
        (crypt(AES_KEY, padded(b"<xml/>")), (400, "bad-xml")),
    ],
)
def test_a_rightly_signed_but_wrong_ciphertext_is_refused(
    sealed: Side, encrypted: str, expected: tuple[int, str]
) -> None:
    assert sealed.refused(sealed.wechat.sealed(encrypted)) == expected


def test_a_truncated_sealed_delivery_is_refused(sealed: Side) -> None:
    delivery = sealed.wechat.deliver(sealed.wechat.text("x" * 100))
    for length in range(0, len(delivery.body), 7):
        assert sealed.refused(Delivery(delivery.query, delivery.body[:length]))[0] in (400, 403)


def test_line_breaks_around_a_ciphertext_do_no_harm(safe: Side) -> None:
    encrypted = safe.wechat.envelope.encrypt(safe.wechat.text("x").encode())
    delivery = safe.wechat.sealed(encrypted)
    spaced = delivery.body.replace(b"<![CDATA[", b"\n ").replace(b"]]>", b"\n")
    assert safe.open(Delivery(delivery.query, spaced)) == "x"


# -- anything at all


@given(text=TEXTS, mode=st.sampled_from(MODES))
def test_any_text_of_a_person_passes_as_it_was_typed(text: str, mode: str) -> None:
    config = Config(app_id=APP_ID, token=TOKEN, encoding_aes_key=AES_KEY, mode=mode, original_id=ORIGINAL_ID)
    clock = Clock()
    wechat = WeChat(config, clock)
    delivery = wechat.deliver(wechat.text(text, msg_id=7))
    incoming = Gate(config, clock).open(dict(parse_qsl(delivery.query)), lambda: delivery.body).incoming
    assert (incoming.text, incoming.openid, incoming.message.id) == (text, OPENID, 7)
    assert incoming.missing == ()


def test_a_fault_is_logged_once_and_counted(side: Side, caplog: pytest.LogCaptureFixture) -> None:
    before = REGISTRY.get_sample_value("bot_mended_deliveries_total") or 0
    assert (
        side.open(side.wechat.deliver(side.wechat.text("confidential ]]> words"))) == "confidential ]]> words"
    )
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "mended" in record.getMessage()
    assert "confidential" not in caplog.text
    assert REGISTRY.get_sample_value("bot_mended_deliveries_total") == before + 1


def test_a_missing_element_is_logged_once_and_counted(side: Side, caplog: pytest.LogCaptureFixture) -> None:
    counted = {"element": "PicUrl"}
    before = REGISTRY.get_sample_value("bot_missing_elements_total", counted) or 0
    side.open(side.wechat.deliver(side.wechat.message("image", "<MediaId>m</MediaId><MsgId>1</MsgId>")))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "PicUrl type=image" in record.getMessage()
    assert REGISTRY.get_sample_value("bot_missing_elements_total", counted) == before + 1


def test_a_type_that_nobody_knows_is_not_quoted(side: Side, caplog: pytest.LogCaptureFixture) -> None:
    side.open(side.wechat.deliver(side.wechat.message("forged\nline", "<Content>]]></Content>")))
    assert [record.getMessage().rpartition("type=")[2] for record in caplog.records] == ["unknown"]


@given(
    query=st.dictionaries(
        st.sampled_from(["signature", "msg_signature", "timestamp", "nonce"]), st.text(max_size=30)
    ),
    body=st.binary(max_size=200),
    mode=st.sampled_from(MODES),
)
def test_unsigned_nonsense_is_always_a_refusal(query: dict[str, str], body: bytes, mode: str) -> None:
    config = Config(app_id=APP_ID, token=TOKEN, encoding_aes_key=AES_KEY, mode=mode, original_id=ORIGINAL_ID)
    with pytest.raises(Refused) as refusal:
        Gate(config, Clock()).open(query, lambda: body)
    assert refusal.value.status in (400, 403)


@given(inner=st.binary(max_size=200), mode=st.sampled_from(MODES))
def test_signed_nonsense_is_a_message_or_a_refusal(inner: bytes, mode: str) -> None:
    config = Config(app_id=APP_ID, token=TOKEN, encoding_aes_key=AES_KEY, mode=mode, original_id=ORIGINAL_ID)
    clock = Clock()
    delivery = WeChat(config, clock).deliver(b"<xml>" + inner + b"</xml>")
    with pytest.raises(Refused) as refusal:
        Gate(config, clock).open(dict(parse_qsl(delivery.query)), lambda: delivery.body)
    assert refusal.value.status in (400, 403)


def test_a_refusal_says_nothing_of_the_body_or_of_our_secrets(side: Side) -> None:
    delivery = side.wechat.deliver("<xml><Content>confidential</Content>")
    with pytest.raises(Refused) as refusal:
        side.open(delivery)
    for secret in ("confidential", TOKEN, AES_KEY, SECRET):
        assert secret not in str(refusal.value)


# -- the console's GET


def test_verification_works_in_every_mode_and_needs_an_echostr(side: Side) -> None:
    query = side.wechat.fields(echostr="123")
    assert side.gate.verify(query) == "123"
    with pytest.raises(Refused) as refusal:
        side.gate.verify({**query, "echostr": ""})
    assert (refusal.value.status, refusal.value.reason) == (400, "no-echostr")
    with pytest.raises(Refused) as refusal:
        side.gate.verify({**query, "signature": "0" * 40})
    assert (refusal.value.status, refusal.value.reason) == (403, "bad-signature")


# -- the replay guard


@pytest.fixture
def guarded(make_config: MakeConfig) -> Iterator[Side]:
    side = Side(make_config, "plain", replay_guard=True)
    side.guard = open_store(side.config.store_url, side.clock, app_id=APP_ID)
    side.gate = Gate(side.config, side.clock, side.guard)
    yield side
    side.guard.close()


def test_the_replay_guard_holds_a_captured_signature_to_its_body(guarded: Side) -> None:
    first = guarded.wechat.deliver(guarded.wechat.text("first"))
    assert guarded.open(first) == "first"
    assert guarded.open(first) == "first", "a retry is the same body and passes"
    forged = guarded.wechat.deliver(guarded.wechat.text("forged"))
    assert guarded.refused(forged) == (403, "replay")
    assert guarded.open(guarded.wechat.deliver(guarded.wechat.text("forged"), nonce=NONCE + "1")) == "forged"


def test_without_the_guard_setting_another_body_passes(make_config: MakeConfig) -> None:
    side = Side(make_config, "plain")
    assert side.open(side.wechat.deliver(side.wechat.text("first"))) == "first"
    assert side.open(side.wechat.deliver(side.wechat.text("second"))) == "second"


def test_the_guard_remembers_as_long_as_the_signature_is_fresh(guarded: Side) -> None:
    window = guarded.config.freshness_seconds
    stamp = str(int(guarded.clock.now) + window)  # WeChat's clock is ahead of ours
    assert guarded.open(guarded.wechat.deliver(guarded.wechat.text("first"), timestamp=stamp)) == "first"
    guarded.clock.advance(2 * window - 1)
    forged = guarded.wechat.deliver(guarded.wechat.text("forged"), timestamp=stamp)
    assert guarded.refused(forged) == (403, "replay")


@pytest.mark.parametrize("lost", ["add", "get"])
def test_without_the_store_messages_pass_without_the_guard(
    guarded: Side, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("gone")

    first, forged = (guarded.wechat.deliver(guarded.wechat.text(text)) for text in ("first", "forged"))
    assert guarded.open(first) == "first"
    with monkeypatch.context() as patch:
        patch.setattr(guarded.guard, lost, refuse)
        assert guarded.open(forged) == "forged"
        unsigned = guarded.wechat.deliver(guarded.wechat.text("forged"), signature="0" * 40)
        assert guarded.refused(unsigned) == (403, "bad-signature")
    assert guarded.refused(forged) == (403, "replay")
