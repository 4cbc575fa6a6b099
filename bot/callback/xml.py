"""XML out: text to elements that it cannot break out of. XML in: bytes to nested dicts by expat, with no
DTD, no entities of their own, and a depth cap.

Elements become dict entries; an element that repeats becomes a list; attributes are ignored (WeChat
sends none). Text is kept as it came, white space included: it is what the user typed.
"""

import contextlib
import re
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from bot.errors import Refused

_MAX_DEPTH = 12  # WeChat's deepest (article results of a mass send) is 6
_MAX_ELEMENTS = 2000
# Characters that XML forbids but people's keyboards send. In UTF-8 these bytes occur only as themselves.
_CONTROL = bytes(code for code in range(32) if code not in (9, 10, 13))


# What XML 1.0 cannot carry, even escaped: control characters, surrogates, two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """`text` without the characters that XML cannot carry."""
    return _FORBIDDEN.sub("", text)


def element(name: str, text: str) -> str:
    """`text` in a CDATA section. `]]>` would end the section early: it is split over two."""
    return f"<{name}><![CDATA[{clean(text).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def parse(body: bytes) -> dict[str, Any]:
    """The children of the root element `<xml>`. Raises Refused(400) for anything else.

    Control characters are dropped, not refused: users can type them, and they are no attack.
    """
    document = body.translate(None, _CONTROL)
    if b"<!DOCTYPE" in document:  # perhaps only in what the user wrote
        _refuse_doctype(document)
    # Whatever the document's own declaration says. No doctype gets here, so no entity of its own.
    parser = XMLParser(encoding="utf-8")  # noqa: S314  refused above
    try:
        parser.feed(document)
        root = parser.close()
    except ParseError:
        raise Refused(400, "bad-xml") from None
    if root.tag != "xml" or len(root) == 0:
        raise Refused(400, "bad-xml")
    return _children(root, _MAX_DEPTH, [_MAX_ELEMENTS])


def _children(parent: Element, depth: int, left: list[int]) -> dict[str, Any]:
    """`depth` more levels and, of the whole document, `left` more elements are read."""
    left[0] -= len(parent)
    if depth < 1 or left[0] < 0:
        raise Refused(400, "xml-too-deep")
    children: dict[str, Any] = {}
    for child in parent:
        value: Any = _children(child, depth - 1, left) if len(child) else child.text or ""
        name = child.tag
        if name not in children:
            children[name] = value
        elif isinstance(children[name], list):
            children[name].append(value)
        else:
            children[name] = [children[name], value]
    return children


def _refuse_doctype(document: bytes) -> None:
    """Reads no further than to the doctype: before anything that it declares."""

    def refuse(*_: Any) -> None:
        raise Refused(400, "xml-doctype")

    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = refuse
    with contextlib.suppress(expat.ExpatError):  # which the parser proper will find, too
        parser.Parse(document, True)
