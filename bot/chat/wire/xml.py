"""XML out: text to elements that it cannot break out of. XML in: bytes to nested dicts by expat, with no
DTD, no entities of their own, and a depth cap.

Elements become dict entries; an element that repeats becomes a list; attributes are ignored (WeChat
sends none). Text is kept as it came, white space included: it is what the user typed.
"""

import re
from typing import Any
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
    reader = _Reader()
    # Whatever the document's own declaration says. And with namespaces: no name of another passes for ours.
    parser = expat.ParserCreate("utf-8", "}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(body.translate(None, _CONTROL), True)
    except expat.ExpatError:
        raise Refused(400, "bad-xml") from None
    fields = reader.read.get("xml")
    if not isinstance(fields, dict):
        raise Refused(400, "bad-xml")
    return fields


class _Reader:
    """What expat calls on its way. `read` becomes the document: its root's name, and the children."""

    def __init__(self) -> None:
        self.read: dict[str, Any] = {}
        self._text = ""
        self._open = [self.read]  # the children so far of every element that is open, the innermost last
        self._left = 1 + _MAX_ELEMENTS  # below the root

    def doctype(self, *_: object) -> None:
        """Before anything that it declares."""
        raise Refused(400, "xml-doctype")

    def start(self, *_: object) -> None:
        self._left -= 1
        if self._left < 0 or len(self._open) > _MAX_DEPTH + 1:
            raise Refused(400, "xml-too-deep")
        self._text = ""
        self._open.append({})

    def text(self, text: str) -> None:
        self._text += text

    def end(self, name: str) -> None:
        value: Any = self._open.pop() or self._text
        siblings = self._open[-1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]
