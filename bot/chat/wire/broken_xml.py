"""Mend the XML of a delivery, so that the words of people stay text and cannot become elements.

WeChat puts what people type into CDATA sections without escaping it. So `]]>` in a text ends the section, and
the rest of the text is read as XML: it can break the document, or pretend to be other elements. A text may
also contain bytes that are no UTF-8, and characters that XML forbids (docs/protocol.md §2.6).

This module must not read the elements: `xml.py` reads the mended document with all its limits.
"""

import re
from itertools import pairwise
from typing import NamedTuple

_MESSAGE = (
    "Content Recognition Label Poiname Title Description Url NickName Nickname nickname Remark EventKey"
    " bizmsgmenuid"
)
_EVENT = (
    "EventKey ScanResult Label Poiname NickName Nickname nickname Remark SessionFrom debug_str"
    " title phone tax_no addr bank_type bank_no attach"
    " Memo Desc ReceiptInfo LocationName RemarkAmount VerifyCode OuterStr Reason RefuseReason FailReason"
    " ReasonMsg Msg SkuInfo ExtInfo KeyStr qrcode_info extra_info_json"
)
# The elements that people fill, for messages and for events. All others are filled by WeChat.
IN_MESSAGES = frozenset(_MESSAGE.split())
IN_EVENTS = frozenset(_EVENT.split())
# Elements of one person that stand side by side, by type or event, in WeChat's order. The words in one must
# not move the end of the one before it.
_ROWS = {
    "link": ("Title", "Description", "Url"),
    "file": ("Title", "Description", "FileKey"),
    "location_select": ("Label", "Poiname"),
    "submit_invoice_title": (
        *("title", "phone", "tax_no", "addr"),
        *("bank_type", "bank_no", "attach", "title_type"),
    ),
}
# The key of these menu buttons is the operator's. A stranger fills what follows it: a QR code, a place.
_AFTER_KEY = {
    "scancode_push": "ScanCodeInfo",
    "scancode_waitmsg": "ScanCodeInfo",
    "pic_sysphoto": "SendPicsInfo",
    "pic_photo_or_album": "SendPicsInfo",
    "pic_weixin": "SendPicsInfo",
    "location_select": "SendLocationInfo",
}

_CDATA = "<![CDATA["
_SPLIT = "]]]]><![CDATA[>"  # an escaped `]]>`
_ANY = IN_MESSAGES | IN_EVENTS
_OPEN_OF_PERSON = re.compile(rf"<(?:{'|'.join(sorted(_ANY))})[\s>]")
_DECLARATION = re.compile(r"\s*<\?xml\b[^<>]*\?>")
_KIND = re.compile(r"<(MsgType|Event)>\s*(?:<!\[CDATA\[)?\s*(\w*)")
_OPEN = re.compile(r"<([A-Za-z_][\w.-]*)(?:\s[^<>]*)?(?<!/)>(\s*<!\[CDATA\[)?")
_TAG_FOLLOWS = re.compile(r"\s*<(/?[A-Za-z_][\w.-]*)")
_CIPHERTEXT = re.compile(r"<Encrypt>\s*(?:<!\[CDATA\[)?([\w+/=]+)(?:\]\]>)?\s*</Encrypt>\s*</xml>\Z")
_HEADER = re.compile(
    r"\s*<(ToUserName|FromUserName|CreateTime)>\s*(?:<!\[CDATA\[)?([\w@.-]+)(?:\]\]>)?\s*</\1>"
)
# The parts outside the rewritten elements that need care: sections, references, and what XML forbids.
_LOOSE = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?:\w+;|#\w+;)?|\]\]>|<(?![A-Za-z_/!?])", re.DOTALL)
_NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&apos;": "'"}
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);")
_UNESCAPED = re.compile(rf"<|\]\]>|&(?!{_REFERENCE.pattern[1:]})")
_ALLOWED = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BAD = "\ufffd"


class Mended(NamedTuple):
    """The rewritten document. `is_broken` is True if the delivery had a fault, and False if it was only
    unusual: blanks around a section, or a text that looks like XML."""

    document: bytes
    is_broken: bool


def mend(body: bytes) -> Mended:
    """Return `body` with every element that people fill as one CDATA section.

    Such an element runs from its first opening tag to its last closing tag. WeChat's own elements around it
    are kept in their order. Bytes that are no UTF-8, and references to characters that XML forbids, become
    U+FFFD. A BOM and the XML declaration are dropped, and so are blanks around a section.
    """
    text = body.decode("utf-8", "replace").replace("\ufffe", _BAD).replace("\uffff", _BAD)
    is_broken = text.encode() != body
    text = text.lstrip("\ufeff \t\r\n")
    if declaration := _DECLARATION.match(text):
        text = text[declaration.end() :]
    document = _Document(text)
    mended = document.mended()
    return Mended(mended.encode(), is_broken or document.is_broken)


def header_of(document: bytes) -> dict[str, str]:
    """Return what can be read of a document that cannot be mended: its ciphertext, else sender, receiver
    and time, else {}. WeChat writes the ciphertext after, and the header before all words
    of a person."""
    text = document.decode("utf-8", "replace").strip()
    if not (text.startswith("<xml>") and text.endswith("</xml>")):
        return {}
    if ciphertext := _CIPHERTEXT.search(text):
        return {"Encrypt": ciphertext[1]}
    header: dict[str, str] = {}
    at = len("<xml>")
    while found := _HEADER.match(text, at):
        header.setdefault(found[1], found[2])
        at = found.end()
    return header if len(header) == 3 else {}


class _Document:
    """The text of one document. mended() rewrites its elements from left to right."""

    def __init__(self, text: str) -> None:
        self.is_broken = False
        self._text = text
        self._last: dict[str, int] = {}  # the place of the last closing tag of a name
        # WeChat writes the type before any words of a person. What comes later may be such words.
        first = _OPEN_OF_PERSON.search(text)
        header = dict(reversed(_KIND.findall(text, 0, first.start() if first else len(text))))
        msg_type, self._event = header.get("MsgType", ""), header.get("Event", "").lower()
        self._people = {"": _ANY, "event": IN_EVENTS}.get(msg_type, IN_MESSAGES)
        row = _ROWS.get(self._event if msg_type == "event" else msg_type, ())
        self._next = dict(pairwise(row))

    def mended(self) -> str:
        pieces: list[str] = []
        done = at = 0
        while opening := _OPEN.search(self._text, at):
            name, has_section = opening[1], opening[2] is not None
            at = opening.end()
            if not has_section and name not in self._people:
                continue  # a number, or an element with children
            end = self._end(name, at, has_section)
            if end < 0:
                continue
            inner = self._text[at:end]
            value = self._of_section(inner) if has_section else self._of_bare(inner)
            pieces += self._loose(self._text[done : opening.start()]), _written(name, value)
            done = at = end + len(f"</{name}>")
        return "".join(pieces) + self._loose(self._text[done:])

    def _end(self, name: str, start: int, has_section: bool) -> int:
        """Return the place of the closing tag of an element that begins at `start`, or -1.

        An element that people fill ends at its last closing tag, all others at their first one. A closing
        tag counts only where WeChat can have written it: before another tag, and after `]]>` if the element
        has a section.
        """
        closing = f"</{name}>"
        last = self._last.setdefault(name, self._text.rfind(closing))
        if last < start:
            return -1
        if name not in self._people:
            return self._first(closing, start, last, has_section)
        if name == "EventKey" and self._event in _AFTER_KEY:
            first = self._first(closing, start, last, has_section, _AFTER_KEY[self._event])
            if first >= 0:
                return first
        end = self._last_of(closing, start, has_section)
        if name in self._next and end >= 0:
            return self._before_next(name, start, has_section, end)
        return end if end >= 0 else last

    def _before_next(self, name: str, start: int, has_section: bool, end: int) -> int:
        """Return the last place at which the element `name` ends and its neighbour begins; `end`, its last
        closing tag, if the neighbour is missing."""
        neighbour = self._next[name]
        after = self._next.get(neighbour, "")
        end_of_neighbour = self._last_of(f"</{neighbour}>", start, False, after)
        if end_of_neighbour < 0:
            end_of_neighbour = self._last_of(f"</{neighbour}>", start, False)
        place = self._last_of(f"</{name}>", start, has_section, neighbour, end_of_neighbour)
        if place < 0:
            return end
        # If WeChat sent no neighbour, the words may contain a false one. The element then ends after it.
        goes_on = end > end_of_neighbour and not (
            after and self._text.find(f"<{after}>", end_of_neighbour, end) >= 0
        )
        return end if goes_on else place

    def _last_of(
        self, closing: str, start: int, has_section: bool, following: str = "", stop: int | None = None
    ) -> int:
        place = -1 if stop == -1 else self._text.rfind(closing, start, stop)
        while place >= 0 and not self._is_end(closing, start, place, has_section, following):
            place = self._text.rfind(closing, start, place)
        return place

    def _first(self, closing: str, start: int, last: int, has_section: bool, following: str = "") -> int:
        place = self._text.find(closing, start)
        while 0 <= place <= last:
            if self._is_end(closing, start, place, has_section, following):
                return place
            place = self._text.find(closing, place + 1)
        return -1

    def _is_end(self, closing: str, start: int, place: int, has_section: bool, following: str) -> bool:
        if has_section and not self._text[max(start, place - 64) : place].rstrip().endswith("]]>"):
            return False
        tag = _TAG_FOLLOWS.match(self._text, place + len(closing))
        return tag is not None and following in ("", tag[1])

    def _of_section(self, inner: str) -> str:
        """Return the text of an element that began with a CDATA section, as it was typed."""
        closed = inner.rstrip()
        if not closed.endswith("]]>"):
            self.is_broken = True
            return inner
        inner = closed.removesuffix("]]>")
        if "]]>" not in inner:
            return inner
        escaped = inner.replace(_SPLIT, "")
        if "]]>" not in escaped:
            return inner.replace(_SPLIT, "]]>")  # this sender escapes, so nothing is broken
        self.is_broken = True
        return inner

    def _of_bare(self, inner: str) -> str:
        """Return the text of an element without a section."""
        if _UNESCAPED.search(inner):
            self.is_broken = True
        return _REFERENCE.sub(lambda found: self._character(found[0]), inner)

    def _character(self, reference: str) -> str:
        """Return the character of a reference; U+FFFD if XML forbids it."""
        if reference in _NAMED:
            return _NAMED[reference]
        digits = reference[2:-1]
        code = int(digits[1:], 16) if digits[0] == "x" else int(digits.lstrip("0")[:9] or "0")
        character = chr(code) if code <= 0x10FFFF else _BAD
        if _ALLOWED.match(character):
            return character
        self.is_broken = True
        return _BAD

    def _loose(self, text: str) -> str:
        return _LOOSE.sub(self._repaired, text)

    def _repaired(self, found: re.Match[str]) -> str:
        part = found[0]
        if part.startswith(_CDATA):
            return part
        if part[0] == "&" and _REFERENCE.fullmatch(part):
            character = self._character(part)
            return part if character != _BAD else _BAD
        self.is_broken = True
        return part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written(name: str, value: str) -> str:
    return f"<{name}>{_CDATA}{value.replace(']]>', _SPLIT)}]]></{name}>"
