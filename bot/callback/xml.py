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


class _Builder:
    """Collects one document. A frame of the stack is [children, text pieces]."""

    def __init__(self) -> None:
        self.stack: list[tuple[str, dict[str, Any], list[str]]] = [("", {}, [])]
        self.elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if len(self.stack) > _MAX_DEPTH or self.elements > _MAX_ELEMENTS:
            raise Refused(400, "xml-too-deep")
        self.stack.append((name, {}, []))

    def end(self, name: str) -> None:
        _, children, text = self.stack.pop()
        value: Any = children or "".join(text)
        siblings = self.stack[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

    def text(self, data: str) -> None:
        self.stack[-1][2].append(data)


def _refuse_doctype(*_: Any) -> None:
    raise Refused(400, "xml-doctype")


def parse(body: bytes) -> dict[str, Any]:
    """The children of the root element `<xml>`. Raises Refused(400) for anything else.

    Control characters are dropped, not refused: users can type them, and they are no attack.
    """
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")  # whatever the document's own declaration says
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(body.translate(None, _CONTROL), True)
    except expat.ExpatError:
        raise Refused(400, "bad-xml") from None
    root = builder.stack[0][1].get("xml")
    if not isinstance(root, dict):
        raise Refused(400, "bad-xml")
    return root
