"""Write elements for replies, and read the XML of deliveries into nested dicts.

This module must not accept a DTD, an entity declared in the document, or XML of more depth than WeChat sends.
An element becomes an entry of a dict. An element that repeats becomes a list. Attributes are ignored, because
WeChat sends none. Text keeps its white space: the user typed it.
"""

import re
from collections import Counter
from typing import Any
from xml.parsers import expat

from bot.chat.wire import broken_xml
from bot.errors import Refused

BROKEN = "broken-xml"  # the fault of a delivery that had to be mended

_MAX_DEPTH = 12  # the deepest XML of WeChat (article results of a mass send) has 6 levels
_MAX_ELEMENTS = 2000
# Control characters. XML forbids them, and some keyboards send them. In UTF-8 such a byte is never a part of
# another character.
_CONTROL = bytes(code for code in range(32) if code not in (9, 10, 13))


# Characters that XML 1.0 cannot contain, even escaped: control characters, surrogates, two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_CLOSING_TAG = re.compile(rb"</([\w.-]+)")
_FILLED_BY_PEOPLE = broken_xml.IN_MESSAGES | broken_xml.IN_EVENTS
# If one of these elements seems to end twice, a text may pretend to be an element.
_UNIQUE = {
    name.encode()
    for name in (*_FILLED_BY_PEOPLE, "ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "MsgId")
}


def clean(text: str) -> str:
    """Return `text` without the characters that XML cannot contain."""
    return _FORBIDDEN.sub("", text)


def element(name: str, text: str) -> str:
    """Return an element with `text` in a CDATA section. `]]>` would end the section, so it is split over two
    sections."""
    return f"<{name}><![CDATA[{clean(text).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def parse(body: bytes, faults: list[str] | None = None) -> dict[str, Any]:
    """Return the children of the root element `<xml>`. Raises Refused(400) if `body` is not such a document.

    Control characters are removed: some keyboards send them, and an XML parser rejects them. If the words
    of a person break the document, or look like elements, `broken_xml.py` mends it first; a real fault is
    added to `faults`.
    """
    body = body.translate(None, _CONTROL)
    closing_tags = _CLOSING_TAG.findall(body)
    # A person's words can leave their section only by `]]>`. The closing tag of their element must follow,
    # or the document is broken; the element then seems to end twice. This check takes 2 us.
    if (
        body.count(b"]]>") != body.count(b"]]></")
        or body.count(b"<![CDATA[") != body.count(b"><![CDATA[")
        or (len(closing_tags) != len(set(closing_tags)) and _seem_to_end_twice(closing_tags))
    ):
        return _parse_mended(body, faults)
    try:
        fields = _parse_strictly(body)
    except Refused as refusal:
        if refusal.reason == "xml-doctype":
            raise
        return _parse_mended(body, faults)
    if set(map(type, fields.values())) != {str} and any(
        not isinstance(fields.get(name, ""), str) for name in _FILLED_BY_PEOPLE
    ):
        return _parse_mended(body, faults)
    return fields


def _seem_to_end_twice(closing_tags: list[bytes]) -> bool:
    counts = Counter(closing_tags)
    return any(counts[name] > 1 for name in _UNIQUE)


def _parse_mended(body: bytes, faults: list[str] | None) -> dict[str, Any]:
    document, is_broken = broken_xml.mend(body)
    try:
        fields = _parse_strictly(document)
    except Refused as refusal:
        # As a message without a type it is answered `success`, and WeChat does not repeat it.
        fields = dict(broken_xml.header_of(document))
        if refusal.reason != "bad-xml" or not fields:
            raise
        is_broken = True
    if is_broken and faults is not None:
        faults.append(BROKEN)
    return fields


def _parse_strictly(body: bytes) -> dict[str, Any]:
    """Return the children of `<xml>`. expat calls the functions inside for each part of the document."""
    document: dict[str, Any] = {}  # the name of the root, and its children
    opened = [document]  # the children read so far of each open element; the innermost element is last
    left = 1 + _MAX_ELEMENTS  # below the root
    text = ""

    def refuse_doctype(*_: object) -> None:
        # expat calls this before it reads the declarations of the doctype
        raise Refused(400, "xml-doctype")

    def start(*_: object) -> None:
        nonlocal left, text
        left -= 1
        if left < 0 or len(opened) > _MAX_DEPTH + 1:
            raise Refused(400, "xml-too-deep")
        text = ""
        opened.append({})

    def add_text(more: str) -> None:
        nonlocal text
        text += more

    def end(name: str) -> None:
        value: Any = opened.pop() or text
        siblings = opened[-1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

    # UTF-8, whatever the document declares. With namespaces, so that an element of another namespace does
    # not get the name of one of WeChat's.
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = start
    parser.CharacterDataHandler = add_text
    parser.EndElementHandler = end
    try:
        parser.Parse(body, True)
    except expat.ExpatError:
        raise Refused(400, "bad-xml") from None
    fields = document.get("xml")
    if not isinstance(fields, dict):
        raise Refused(400, "bad-xml")
    return fields
