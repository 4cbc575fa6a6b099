"""Make routes for `handlers.CHAT`: `on.text("hello", greet)`, `on.event("subscribe", welcome)` …

A handler gets a `Chat`, then the captures of its route. Every function takes the options of `HowToRun`. No
function here may call a handler.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from bot.chat.router import Captures, Handler, Pattern, Route, Visit


class HowToRun(TypedDict, total=False):
    """How the handler of a route runs. Each option is False if it is not given."""

    slow: bool
    """Run the handler as a job, because it usually takes longer than WeChat waits (5 s)."""
    inline: bool
    """Run the handler on the event loop instead of in a thread. Use it only for a handler that just computes.
    If it waits (for a file, the network, a lock, a sleep), all users of the process wait."""
    ordered: bool
    """Handle the messages of one user one after the other, in all processes. The handler runs as a job."""


def _match_text(patterns: Sequence[Pattern], text: str) -> Captures | None:
    for pattern in patterns:
        if isinstance(pattern, str):
            if pattern.casefold() == text.casefold():  # many phones begin a text with a capital letter
                return ()
        elif found := pattern.fullmatch(text):
            return found.groups()
    return None


def text(patterns: Pattern | Sequence[Pattern], handler: Handler, **how: Unpack[HowToRun]) -> Route:
    """Match a text message that is one of `patterns`.

    A string matches the same text; letter case and outer white space do not matter. A compiled regular
    expression must match the whole text; the handler gets its groups.
    """
    listed = [patterns] if isinstance(patterns, str | re.Pattern) else list(patterns)

    def match(visit: Visit) -> Captures | None:
        typed = visit.incoming.text
        return None if typed is None else _match_text(listed, typed.strip())

    return Route(match, handler, label=f"on.text({patterns!r}, …)", patterns=listed, **how)


def message(msg_type: str, handler: Handler, **how: Unpack[HowToRun]) -> Route:
    """Match any message of a type: text, image, voice, video, shortvideo, location, link, file."""

    def match(visit: Visit) -> Captures | None:
        return () if visit.incoming.msg_type == msg_type and msg_type != "event" else None

    return Route(match, handler, label=f"on.message({msg_type!r}, …)", msg_type=msg_type, **how)


def event(name: str, handler: Handler, **how: Unpack[HowToRun]) -> Route:
    """Match an event by WeChat's name: subscribe, unsubscribe, LOCATION, VIEW, TEMPLATESENDJOBFINISH …

    Letter case does not matter. `subscribe` also matches a user who follows by a scene QR code.
    """

    def match(visit: Visit) -> Captures | None:
        return () if visit.incoming.event.casefold() == name.casefold() else None

    return Route(match, handler, label=f"on.event({name!r}, …)", **how)


def click(key: str, handler: Handler, **how: Unpack[HowToRun]) -> Route:
    """Match a tap on the menu button with this key, for all types of buttons that have a key."""

    def match(visit: Visit) -> Captures | None:
        incoming = visit.incoming
        is_tap = incoming.event.casefold() in _TAPS
        return () if is_tap and incoming.event_key == key else None

    return Route(match, handler, label=f"on.click({key!r}, …)", click_key=key, **how)


_TAPS = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}


def clicks(replies: Mapping[str, Handler], **how: Unpack[HowToRun]) -> list[Route]:
    """Return a route for each key of a menu's replies."""
    return [click(key, handler, **how) for key, handler in replies.items()]


def scene(pattern: Pattern, handler: Handler, **how: Unpack[HowToRun]) -> Route:
    """Match the event of a user who scans a QR code of the account, if the scene in the code is `pattern`.
    The user is a follower, or follows after the scan.

    `pattern` is compared with the scene without WeChat's `qrscene_`. The handler gets the groups of a regular
    expression.
    """

    def match(visit: Visit) -> Captures | None:
        scanned = visit.incoming.scene
        return None if scanned is None else _match_text([pattern], scanned)

    return Route(match, handler, label=f"on.scene({pattern!r}, …)", patterns=[pattern], **how)


def answer(name: str, handler: Handler, **how: Unpack[HowToRun]) -> Route:
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

    return Route(match, handler, label=f"on.answer({name!r}, …)", answer=name, **how)


def anything(handler: Handler, **how: Unpack[HowToRun]) -> Route:
    """Match any message of a known type. It belongs at the end of the list.

    It matches no event and no unknown type: WeChat gets `success` for these.
    """

    def match(visit: Visit) -> Captures | None:
        incoming = visit.incoming
        return () if incoming.known and incoming.msg_type != "event" else None

    return Route(match, handler, label="on.anything(…)", **how)
