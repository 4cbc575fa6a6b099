"""Cut texts to the length that WeChat accepts in one message (TEXT_LIMIT_BYTES)."""

from collections.abc import Iterator


def is_too_long(text: str, limit: int) -> bool:
    """Return True if `text` has more than `limit` UTF-8 bytes."""
    return len(text.encode("utf-8", "replace")) > limit


def cut(text: str, limit: int) -> tuple[str, str]:
    """Split `text` into a first part of at most `limit` UTF-8 bytes and the rest. The cut is between two
    characters, and before a link if it would fall inside it."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text, ""
    head = data[:limit].decode("utf-8", "ignore")
    link = head.rfind("<a ")
    if link > 0 and head.rfind("</a>") < link:
        head = head[:link]
    return head, text[len(head) :]


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield `text` in pieces of at most `limit` UTF-8 bytes."""
    while text:
        head, text = cut(text, limit)
        yield head
