"""Routes for `handlers.CHAT`: `on.text("hello", greet)`, `on.event("subscribe", welcome)` …

Handlers are called with a `Chat`, then with what the route captured.
"""

import re
from collections.abc import Mapping, Sequence

from bot.chat.router import Captures, Handler, Route, Visit

Pattern = str | re.Pattern[str]


def _match_text(patterns: Sequence[Pattern], text: str) -> Captures | None:
    for pattern in patterns:
        if isinstance(pattern, str):
            if pattern.casefold() == text.casefold():  # phones like to begin with a capital
                return ()
        elif found := pattern.fullmatch(text):
            return found.groups()
    return None


def text(patterns: Pattern | Sequence[Pattern], handler: Handler, *, slow: bool = False) -> Route:
    """A text message that is one of `patterns`: a string (letter case and outer white space do not
    matter) or a compiled regular expression, which must match all of the text; its groups are captures."""
    listed = [patterns] if isinstance(patterns, str | re.Pattern) else list(patterns)

    def match(visit: Visit) -> Captures | None:
        typed = visit.incoming.text
        return None if typed is None else _match_text(listed, typed.strip())

    return Route(match, handler, slow, f"on.text({patterns!r}, …)")


def message(msg_type: str, handler: Handler, *, slow: bool = False) -> Route:
    """Any message of a type: text, image, voice, video, shortvideo, location, link, file."""

    def match(visit: Visit) -> Captures | None:
        return () if visit.incoming.msg_type == msg_type and msg_type != "event" else None

    return Route(match, handler, slow, f"on.message({msg_type!r}, …)", msg_type=msg_type)


def event(name: str, handler: Handler, *, slow: bool = False) -> Route:
    """An event by WeChat's name (letter case does not matter): subscribe, unsubscribe, LOCATION,
    VIEW, scancode_waitmsg, TEMPLATESENDJOBFINISH … `subscribe` covers following by a scene QR code."""

    def match(visit: Visit) -> Captures | None:
        return () if visit.incoming.event.casefold() == name.casefold() else None

    return Route(match, handler, slow, f"on.event({name!r}, …)")


def click(key: str, handler: Handler, *, slow: bool = False) -> Route:
    """A tap on the menu button with this key (any type of button that has a key)."""

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
    """A route for every key of a menu's replies."""
    return [click(key, handler) for key, handler in replies.items()]


def scene(pattern: Pattern, handler: Handler, *, slow: bool = False) -> Route:
    """A scan of one of our QR codes with this scene, by a follower or by one who thereby follows.
    The scene comes without WeChat's `qrscene_`; a regular expression's groups are captures."""

    def match(visit: Visit) -> Captures | None:
        scanned = visit.incoming.scene
        return None if scanned is None else _match_text([pattern], scanned)

    return Route(match, handler, slow, f"on.scene({pattern!r}, …)")


def answer(name: str, handler: Handler, *, slow: bool = False) -> Route:
    """The user's next message after a handler returned `Ask(…, answer=name)`; the handler gets the
    asker's data. List it first if it shall win over other routes."""

    def match(visit: Visit) -> Captures | None:
        if visit.incoming.msg_type == "event":
            return None
        question = visit.question
        if question is None or question.answer != name or not visit.take_question():
            return None
        return (question.data,)

    return Route(match, handler, slow, f"on.answer({name!r}, …)", answer=name)


def anything(handler: Handler, *, slow: bool = False) -> Route:
    """The fallback, for the end of the list: any message of a known type. Events and types that we do
    not know never reach it; WeChat gets `success` for them."""

    def match(visit: Visit) -> Captures | None:
        incoming = visit.incoming
        return () if incoming.known and incoming.msg_type != "event" else None

    return Route(match, handler, slow, "on.anything(…)")
