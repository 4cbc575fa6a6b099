"""No attribute of a typed message or event raises, or changes the delivery, whatever the delivery lacks."""

import copy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.wire import messages, xml
from bot.chat.wire.elements import (
    DictElement,
    Element,
    FloatElement,
    IntegerElement,
    TimeElement,
    elements_of,
)
from bot.chat.wire.messages import ALL_EVENTS, MESSAGES
from tests.chat.deliveries import message
from tests.chat.wire.test_messages import ACCOUNT, EVENTS, event
from tests.chat.wire.test_messages import MESSAGES as MESSAGE_SAMPLES

CLASSES: dict[str, Any] = {
    **{f"message {name}": found for name, found in MESSAGES.items()},
    **{f"event {name}": found for name, found in ALL_EVENTS.items()},
    "unknown": messages.Unknown,
}
RUBBISH: list[Any] = [
    "", "abc", " ", "-", "1e5", "9" * 400, "中", ["a", "b"], {"a": "b"}, [], None, [{"a": "1"}, "x"]
]  # fmt: skip
EMPTY: dict[type[Element[Any]], Any] = {
    IntegerElement: 0, FloatElement: 0.0, TimeElement: None, DictElement: {}
}  # fmt: skip
NUMBERS = (IntegerElement, FloatElement, TimeElement)


def read_all(typed: Any) -> dict[str, Any]:
    """Return every attribute, properties too, and the representation."""
    names = [name for name in dir(type(typed)) if not name.startswith("__")]
    return {name: getattr(typed, name) for name in names} | {"repr": repr(typed)}


def check(typed_class: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Read everything; the fields must not change, and every attribute must have its type."""
    before = copy.deepcopy(fields)
    found = read_all(typed_class(fields))
    assert fields == before
    for name, read in elements_of(typed_class).items():
        kind = (datetime, type(None)) if isinstance(read, TimeElement) else type(EMPTY.get(type(read), ""))
        assert isinstance(found[name], kind), (typed_class, name)
    return found


def complete(reads: dict[str, Element[Any]]) -> dict[str, Any]:
    """Return fields in which every element that a class reads has the value 1."""
    fields: dict[str, Any] = {}
    for read in reads.values():
        if read.inside:
            fields[read.inside] = {**fields.get(read.inside, {}), read.name: "1"}
        else:
            fields.setdefault(read.name, {} if isinstance(read, DictElement) else "1")
    return fields


@pytest.mark.parametrize("name", CLASSES)
def test_no_attribute_raises_if_an_element_is_missing_empty_or_rubbish(name: str) -> None:
    typed_class = CLASSES[name]
    reads = elements_of(typed_class)
    fields = complete(reads)
    check(typed_class, fields)
    check(typed_class, {})
    for attribute, read in reads.items():
        empty = EMPTY.get(type(read), "")
        without = {key: value for key, value in fields.items() if key not in (read.name, read.inside)}
        assert check(typed_class, without)[attribute] == empty
        for value in RUBBISH:
            check(typed_class, {**without, (read.inside or read.name): value})
            inner = {**fields.get(read.inside, {}), read.name: value}
            found = check(typed_class, {**fields, **({read.inside: inner} if read.inside else inner)})
            if isinstance(read, NUMBERS):
                assert found[attribute] == empty


# every element that a property looks into
NESTED = st.sampled_from(
    [
        "ScanCodeInfo",
        "SendPicsInfo",
        "PicList",
        "item",
        "PicMd5Sum",
        "Count",
        "SendLocationInfo",
        "Label",
        "ChosenBeacon",
        "AroundBeacons",
        "AroundBeacon",
        "Uuid",
        "Distance",
        "SubscribeMsgPopupEvent",
        "SubscribeMsgChangeEvent",
        "SubscribeMsgSentEvent",
        "List",
        "TemplateId",
        "ErrorCode",
        "PublishEventInfo",
        "article_detail",
        "fail_idx",
        "idx",
        "CopyrightCheckResult",
        "ResultList",
        "ArticleIdx",
        "ArticleUrlResult",
        "ArticleUrl",
        "CheckState",
        "GuideScanEvent",
        "EventKey",
        "Content",
        "isrisky",
    ]
)
VALUES = st.recursive(
    st.sampled_from(["", "1", "abc", "a|b", "qrscene_1"]),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NESTED, inner, max_size=4)),
    max_leaves=8,
)


@given(st.dictionaries(NESTED, VALUES, max_size=6))
def test_no_attribute_raises_whatever_an_element_holds(fields: dict[str, Any]) -> None:
    for typed_class in CLASSES.values():
        check(typed_class, fields)


def test_the_classes_of_wechatpy_are_left_as_they_are() -> None:
    for typed_class in CLASSES.values():
        theirs = [base for base in typed_class.__mro__ if base.__module__.startswith("wechatpy")]
        assert theirs
        assert not any(isinstance(value, Element) for base in theirs for value in vars(base).values())


@pytest.mark.parametrize(
    "body",
    [message(kind, inner, account=ACCOUNT) for kind, inner, _ in MESSAGE_SAMPLES]
    + [message("event", f"<Event>{name}</Event>{inner}", account=ACCOUNT) for name, inner, *_ in EVENTS],
)
def test_samples_with_each_element_left_out(body: str) -> None:
    fields = xml.parse(body.encode())
    for name in fields:
        if name != "ToUserName":
            less = {key: value for key, value in fields.items() if key != name}
            read_all(messages.read(less).message)


# -- what the new classes read


def choices(event_name: str, container: str, *listed: str) -> Any:
    inner = "".join(f"<List>{one}</List>" for one in listed)
    return event(event_name, f"<{container}>{inner}</{container}>").message


ACCEPT = "<TemplateId>A</TemplateId><SubscribeStatusString>accept</SubscribeStatusString>"
REJECT = "<TemplateId>B</TemplateId><SubscribeStatusString>reject</SubscribeStatusString>"


def test_a_list_is_a_list_for_none_one_and_several() -> None:
    names = ("subscribe_msg_popup_event", "SubscribeMsgPopupEvent")
    scene = "<PopupScene>2</PopupScene>"
    assert choices(*names).choices == []
    assert choices(*names, ACCEPT + scene).choices == [("A", "accept", "2")]
    assert choices(*names, ACCEPT + scene, REJECT).choices == [("A", "accept", "2"), ("B", "reject", "")]
    changed = choices("subscribe_msg_change_event", "SubscribeMsgChangeEvent", REJECT)
    assert changed.choices == [("B", "reject", "")]
    sent = (
        "<TemplateId>A</TemplateId><MsgID>1</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus>"
    )
    for count in (0, 1, 2):
        results = choices("subscribe_msg_sent_event", "SubscribeMsgSentEvent", *[sent] * count).results
        assert results == [("A", "1", 0, "success")] * count


def test_the_end_of_a_publication() -> None:
    item = "<item><idx>1</idx><article_url>u</article_url></item>"
    done = event(
        "PUBLISHJOBFINISH",
        "<PublishEventInfo><publish_id>7</publish_id><publish_status>0</publish_status><article_id>a</article_id>"
        f"<article_detail><count>1</count>{item}</article_detail></PublishEventInfo>",
    ).message
    assert (done.publish_id, done.status, done.article_id) == ("7", 0, "a")
    assert (done.articles, done.failed) == ([(1, "u")], [])
    failed = event(
        "PUBLISHJOBFINISH",
        "<PublishEventInfo><publish_status>2</publish_status><fail_idx>1</fail_idx><fail_idx>2</fail_idx>"
        "</PublishEventInfo>",
    ).message
    assert (failed.status, failed.articles, failed.failed) == (2, [], [1, 2])


def test_the_end_of_a_mass_send() -> None:
    item = "<item><ArticleIdx>1</ArticleIdx><AuditState>2</AuditState><CanReprint>1</CanReprint></item>"
    ended = event(
        "MASSSENDJOBFINISH",
        "<MsgID>1000001625</MsgID><Status>err(30003)</Status><SentCount>3</SentCount>"
        f"<CopyrightCheckResult><ResultList>{item}</ResultList><CheckState>2</CheckState></CopyrightCheckResult>"
        "<ArticleUrlResult><ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl>u</ArticleUrl></item>"
        "</ResultList></ArticleUrlResult>",
    ).message
    assert (ended.id, ended.status, ended.sent_count, ended.check_state) == (1000001625, "err(30003)", 3, 2)
    assert ended.articles == [(1, "u")]
    assert [(one.number, one.audit, one.can_reprint, one.needs_source) for one in ended.originality] == [
        (1, 2, True, False)
    ]


@pytest.mark.parametrize(
    ("name", "inner", "expected"),
    [
        ("user_info_modified", "<OpenID>o1</OpenID><AppID>wx</AppID><RevokeInfo>1</RevokeInfo>",
         {"openid": "o1", "app_id": "wx", "revoke_info": "1", "union_id": ""}),
        ("user_authorization_revoke", "<OpenID>o1</OpenID>", {"openid": "o1"}),
        ("user_authorization_cancellation", "<OpenID>o1</OpenID>", {"openid": "o1"}),
        ("kf_close_session", "<KfAccount>k@t</KfAccount><CloseType>1</CloseType>",
         {"account": "k@t", "close_type": "1"}),
        ("guide_qrcode_scan_event", "<GuideScanEvent><openid>o1</openid><action>11</action></GuideScanEvent>",
         {"openid": "o1", "action": 11, "qrcode_info": ""}),
        ("guide_invite_result_event", "", {}),
        ("add_guide_buyer_relation_event", "", {}),
        ("giftcard_pay_done", "<PageId>p</PageId><OrderId>o</OrderId>", {"page_id": "p", "order_id": "o"}),
        ("giftcard_send_to_friend", "<IsChatRoom>1</IsChatRoom>", {"is_chat_room": 1, "is_return_back": 0}),
        ("giftcard_user_accept", "<IsChatRoom>1</IsChatRoom>", {"is_chat_room": 1}),
        ("card_merchant_check_result", "<MerchantId>m</MerchantId><IsPass>1</IsPass><Reason>r</Reason>",
         {"merchant_id": "m", "is_pass": 1, "reason": "r"}),
        ("cloud_invoice_invoiceresult_event", "<fpqqlsh>f</fpqqlsh><status>1</status><nsrsbh>n</nsrsbh>",
         {"request_number": "f", "status": 1, "seller_tax_number": "n"}),
        ("debug_demo", "<debug_str>hello</debug_str>", {"debug_str": "hello"}),
        ("subscribe", "<EventKey>scanbarcode|ean13|69</EventKey>",
         {"scene": "scanbarcode", "standard": "ean13", "key": "69"}),
        ("subscribe", "<EventKey>scanimage|</EventKey>", {"scene": "scanimage", "standard": "", "key": ""}),
        ("ShakearoundUserShake", "<ChosenBeacon><Uuid>u</Uuid><Distance>0.5</Distance></ChosenBeacon>"
         "<AroundBeacons><AroundBeacon><Uuid>v</Uuid></AroundBeacon></AroundBeacons>",
         {"chosen_beacon": {"uuid": "u", "major": "", "minor": "", "distance": 0.5},
          "around_beacons": [{"uuid": "v", "major": "", "minor": "", "distance": 0.0}]}),
    ],
)  # fmt: skip
def test_the_events_that_wechatpy_lacks(name: str, inner: str, expected: dict[str, Any]) -> None:
    incoming = event(name, inner)
    assert incoming.known
    assert {attribute: getattr(incoming.message, attribute) for attribute in expected} == expected


def test_every_new_class_says_what_it_is() -> None:
    for name, typed_class in ALL_EVENTS.items():
        if typed_class.__module__ != "bot.chat.wire.elements":
            assert typed_class.__doc__, name
            assert typed_class.event == name, name
