"""Make routes for `handlers.CHAT`: `on.text("hello", greet)`, `on.event("subscribe", welcome)` …

A handler gets a `Chat`, then the captures of its route. With `slow=True` it runs as a job and may take longer
than WeChat waits. No function here may call a handler.
"""

import re
from collections.abc import Mapping, Sequence

from bot.chat.router import Captures, Handler, Route, Visit

Pattern = str | re.Pattern[str]


def _match_text(patterns: Sequence[Pattern], text: str) -> Captures | None:
    for pattern in patterns:
        if isinstance(pattern, str):
            if pattern.casefold() == text.casefold():  # many phones begin a text with a capital letter
                return ()
        elif found := pattern.fullmatch(text):
            return found.groups()
    return None


def text(patterns: Pattern | Sequence[Pattern], handler: Handler, *, slow: bool = False) -> Route:
    """Match a text message that is one of `patterns`.

    A string matches the same text; letter case and outer white space do not matter. A compiled regular
    expression must match the whole text; the handler gets its groups.
    """
    listed = [patterns] if isinstance(patterns, str | re.Pattern) else list(patterns)

    def match(visit: Visit) -> Captures | None:
        typed = visit.incoming.text
        return None if typed is None else _match_text(listed, typed.strip())

    return Route(match, handler, slow, f"on.text({patterns!r}, …)")


def message(msg_type: str, handler: Handler, *, slow: bool = False) -> Route:
    """Match any message of a type: text, image, voice, video, shortvideo, location, link, file."""

    def match(visit: Visit) -> Captures | None:
        return () if visit.incoming.msg_type == msg_type and msg_type != "event" else None

    return Route(match, handler, slow, f"on.message({msg_type!r}, …)", msg_type=msg_type)


def event(name: str, handler: Handler, *, slow: bool = False) -> Route:
    """Match an event by WeChat's name: subscribe, unsubscribe, LOCATION, VIEW, TEMPLATESENDJOBFINISH …

    Letter case does not matter. `subscribe` also matches a user who follows by a scene QR code.
    """

    def match(visit: Visit) -> Captures | None:
        return () if visit.incoming.event.casefold() == name.casefold() else None

    return Route(match, handler, slow, f"on.event({name!r}, …)")


def click(key: str, handler: Handler, *, slow: bool = False) -> Route:
    """Match a tap on the menu button with this key, for all types of buttons that have a key."""

    def match(visit: Visit) -> Captures | None:
        incoming = visit.incoming
        is_tap = incoming.event.casefold() in _TAPS
        return () if is_tap and incoming.event_key == key else None

    return Route(match, handler, slow, f"on.click({key!r}, …)", click_key=key)


_TAPS = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}


def clicks(replies: Mapping[str, Handler]) -> list[Route]:
    """Return a route for each key of a menu's replies."""
    return [click(key, handler) for key, handler in replies.items()]


def scene(pattern: Pattern, handler: Handler, *, slow: bool = False) -> Route:
    """Match the event of a user who scans a QR code of the account, if the scene in the code is `pattern`.
    The user is a follower, or follows after the scan.

    `pattern` is compared with the scene without WeChat's `qrscene_`. The handler gets the groups of a regular
    expression.
    """

    def match(visit: Visit) -> Captures | None:
        scanned = visit.incoming.scene
        return None if scanned is None else _match_text([pattern], scanned)

    return Route(match, handler, slow, f"on.scene({pattern!r}, …)")


def answer(name: str, handler: Handler, *, slow: bool = False) -> Route:
    """Match the user's next message after a handler returned `Ask(…, answer=name)`.

    The handler gets the `data` of the Ask. List this route before others that the message could match.
    """

    def match(visit: Visit) -> Captures | None:
        if visit.incoming.msg_type == "event":
            return None
        question = visit.question
        if question is None or question.answer != name or not visit.take_question():
            return None
        return (question.data,)

    return Route(match, handler, slow, f"on.answer({name!r}, …)", answer=name)


def anything(handler: Handler, *, slow: bool = False) -> Route:
    """Match any message of a known type. It belongs at the end of the list.

    It matches no event and no unknown type: WeChat gets `success` for these.
    """

    def match(visit: Visit) -> Captures | None:
        incoming = visit.incoming
        return () if incoming.known and incoming.msg_type != "event" else None

    return Route(match, handler, slow, "on.anything(…)")
