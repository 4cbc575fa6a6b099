"""What the guard reads of a request, what a page needs of its visitor, and where the browser goes next."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

from bot.config import LOGIN_PATH
from bot.oauth.browser import network as network_of

SESSION_COOKIE = "session"
BROWSER_COOKIE = "browser"
ASKED_COOKIE = "asked"  # the state with which this browser went to WeChat's consent page; `no`: rather not
TICKET = "visit"  # query parameters of ours: a one-page ticket,
ASK = "ask"  # and whether a visitor would like to be asked by WeChat (1) or not (0)
_OURS = (TICKET, ASK)  # no part of a page's clean URL
_WECHATS = ("code", "state")  # nor are these, unless a page says that it has some of its own


def login_path(to: str) -> str:
    """The login page, which leads on to the local path `to`."""
    return f"{LOGIN_PATH}?to={quote(to, safe='')}"


@dataclass(frozen=True)
class Request:
    """What the guard needs of a request: `path` begins with a slash, `query` is without `?`; both are
    percent-encoded, as the browser has them.

    `is_pc`: a browser on a PC and outside WeChat; `is_lost_phone`: a phone's. `navigates`: the browser says
    that a person goes to a page. `lang` is zh_CN or en, `address` the browser's IP. `own_query`: which of
    `code` and `state` are parameters of this page, too.
    """

    path: str
    query: str
    cookies: Mapping[str, str]
    is_pc: bool = False
    is_lost_phone: bool = False
    navigates: bool = False
    lang: str = "zh_CN"
    address: str = ""
    own_query: tuple[str, ...] = ()

    @property
    def network(self) -> str:
        return network_of(self.address)


@dataclass(frozen=True)
class Need:
    """What a page asks of its visitor. `popup`: WeChat shall ask even where it need not. `or_silent`: who
    refuses consent is welcome without a name. `fresh`: the login came back to this very browser no more than
    so many seconds ago (0: being recognised will do)."""

    scope: str = "snsapi_base"
    popup: bool = False
    or_silent: bool = False
    fresh: float = 0.0


@dataclass(frozen=True)
class Go:
    """Send the browser to `url` with these cookies; an empty one is deleted."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)


def clean_query(query: str, own: tuple[str, ...] = ()) -> str:
    """A page's query with its `?`, or nothing; without what WeChat and we have put there."""
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True)
    strange = {*_OURS, *_WECHATS} - {*own}
    kept = urlencode([(name, value) for name, value in pairs if name not in strange])
    return f"?{kept}" if kept else ""


def browser_of(cookies: Mapping[str, str]) -> str:
    """The random text that names this browser to us: its cookie's, or a new one."""
    known = cookies.get(BROWSER_COOKIE, "")
    return (
        known
        if 16 <= len(known) <= 64 and known.isascii() and known.isprintable()
        else secrets.token_urlsafe(16)
    )
