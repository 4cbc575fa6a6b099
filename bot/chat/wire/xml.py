"""Write elements for replies, and read the XML of deliveries into nested dicts.

This module must not accept a DTD, an entity declared in the document, or XML of more depth than WeChat sends.
An element becomes an entry of a dict. An element that repeats becomes a list. Attributes are ignored, because
WeChat sends none. Text keeps its white space: the user typed it.
"""

import re
from typing import Any
from xml.parsers import expat

from bot.errors import Refused

_MAX_DEPTH = 12  # the deepest XML of WeChat (article results of a mass send) has 6 levels
_MAX_ELEMENTS = 2000
# Control characters. XML forbids them, and some keyboards send them. In UTF-8 such a byte is never a part of
# another character.
_CONTROL = bytes(code for code in range(32) if code not in (9, 10, 13))


# Characters that XML 1.0 cannot contain, even escaped: control characters, surrogates, two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Return `text` without the characters that XML cannot contain."""
    return _FORBIDDEN.sub("", text)


def element(name: str, text: str) -> str:
    """Return an element with `text` in a CDATA section. `]]>` would end the section, so it is split over two
    sections."""
    return f"<{name}><![CDATA[{clean(text).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def parse(body: bytes) -> dict[str, Any]:
    """Return the children of the root element `<xml>`. Raises Refused(400) if `body` is not such a document.

    Control characters are removed: some keyboards send them, and an XML parser rejects them.
    """
    reader = _Reader()
    # UTF-8, whatever the document declares. With namespaces, so that an element of another namespace does
    # not get the name of one of WeChat's.
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
    """The callbacks for expat. `read` becomes a dict of the document: the name of its root, and the
    children."""

    def __init__(self) -> None:
        self.read: dict[str, Any] = {}
        self._text = ""
        # the children read so far of each open element; the innermost element is last
        self._open = [self.read]
        self._left = 1 + _MAX_ELEMENTS  # below the root

    def doctype(self, *_: object) -> None:
        """Refuse the document. expat calls this before it reads the declarations of the doctype."""
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
