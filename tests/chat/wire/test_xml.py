"""The XML reader takes what WeChat sends and refuses the rest, quickly and in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.wire import xml
from bot.errors import Refused
from tests.chat.deliveries import status

# Characters that XML 1.0 can carry, without CR (which XML reads as LF).
CARRIED = st.characters(
    blacklist_categories=("Cs",),
    blacklist_characters=[chr(code) for code in range(32) if code not in (9, 10)] + ["\ufffe", "\uffff"],
)


def reason(body: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        xml.parse(body)
    assert refusal.value.status == 400
    return refusal.value.reason


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_a_refusal(body: bytes) -> None:
    assert status(lambda: xml.parse(body)) in (200, 400)


@given(st.text(alphabet=st.sampled_from("<>![]/&;#x?-\"' aé中\x00\x1dCDATADOCTYPExml0"), max_size=80))
def test_anything_that_looks_like_xml_is_fields_or_a_refusal(text: str) -> None:
    assert status(lambda: xml.parse(f"<xml>{text}</xml>".encode())) in (200, 400)


@given(st.text(alphabet=CARRIED, max_size=60))
def test_a_text_in_cdata_is_read_as_it_was_typed(text: str) -> None:
    typed = text.replace("]]>", "")
    assert xml.parse(f"<xml><Content><![CDATA[{typed}]]></Content></xml>".encode()) == {"Content": typed}


def test_elements_nest_repeat_and_keep_their_white_space() -> None:
    body = b"<xml attribute='no'><a> x </a><b><c>1</c></b><i>1</i><i>2</i><e/><s>a<![CDATA[<b>]]>c</s></xml>"
    assert xml.parse(body) == {"a": " x ", "b": {"c": "1"}, "i": ["1", "2"], "e": "", "s": "a<b>c"}


def test_what_stands_between_elements_is_nobodys_text() -> None:
    body = b"<xml>\n  <a>1</a>\n  <b>2<c> 3 </c>4</b>5<d></d>6<e/>\n</xml>"
    assert xml.parse(body) == {"a": "1", "b": {"c": " 3 "}, "d": "", "e": ""}


@pytest.mark.parametrize("body", [b"<xml><a:b>1</a:b></xml>", b"<xml xmlns='http://other'><a>1</a></xml>"])
def test_names_of_other_namespaces_are_refused(body: bytes) -> None:
    assert reason(body) == "bad-xml"


def test_control_characters_are_dropped() -> None:
    assert xml.parse(b"<xml><Content>a\x00b\x1dc\x0bd\te\n</Content></xml>") == {"Content": "abcd\te\n"}


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd"><xml><a>1</a></xml>',
        b'<!DOCTYPE xml [<!ENTITY e "x">]><xml><a>&e;</a></xml>',
        b'<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>',
        b'<!DOCTYPE xml [<!ENTITY a "' + b"x" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]>'
        b"<xml><a>" + b"&b;" * 1000 + b"</a></xml>",
    ],
    ids=["external", "entity", "file", "bomb"],
)
def test_a_doctype_is_refused_before_anything_in_it_is_read(body: bytes) -> None:
    assert reason(body) == "xml-doctype"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<xml>",
        b"<xml><a>1</xml>",
        b"<xml><a>1</a></xml><xml/>",
        b"text",
        b'{"xml":{"a":1}}',
        b"<other><a>1</a></other>",
        b"<xml>only text</xml>",
        "<xml><a>中</a></xml>".encode("utf-16"),
    ],
)
def test_what_is_not_a_whole_xml_document_is_refused(body: bytes) -> None:
    assert reason(body) == "bad-xml"


def test_the_documents_own_encoding_declaration_does_not_count() -> None:
    body = '<?xml version="1.0" encoding="gbk"?><xml><a>中</a></xml>'.encode()
    assert xml.parse(body) == {"a": "中"}


def test_deep_and_crowded_documents_are_refused() -> None:
    assert reason(b"<xml>" + b"<a>" * 30 + b"</a>" * 30 + b"</xml>") == "xml-too-deep"
    assert reason(b"<xml>" + b"<a/>" * 2001 + b"</xml>") == "xml-too-deep"
    assert xml.parse(b"<xml>" + b"<a/>" * 2000 + b"</xml>") == {"a": 2000 * [""]}
    assert reason(b"<xml>" + b"<a>" * 13 + b"</a>" * 13 + b"</xml>") == "xml-too-deep"
    assert xml.parse(b"<xml>" + b"<a>" * 12 + b"</a>" * 12 + b"</xml>")


def test_wechats_deepest_document_is_read() -> None:
    body = (
        b"<xml><CopyrightCheckResult><ResultList><item><ArticleIdx>1</ArticleIdx></item></ResultList>"
        b"</CopyrightCheckResult></xml>"
    )
    assert xml.parse(body)["CopyrightCheckResult"]["ResultList"]["item"] == {"ArticleIdx": "1"}
