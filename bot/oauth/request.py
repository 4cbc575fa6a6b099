"""The plain records of a visit: what is read of a request, what a page needs, where the browser goes next.

Nothing here reads the store or calls WeChat.
"""

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
    """Return the path of the login page that leads on to the local path `to`."""
    return f"{LOGIN_PATH}?to={quote(to, safe='')}"


@dataclass(frozen=True)
class Request:
    """Hold what a visit reads of a request.

    `path` begins with a slash, `query` is without `?`; both are percent-encoded, as the browser has them.
    `is_pc`: a browser on a PC and outside WeChat; `is_lost_phone`: a phone's browser outside WeChat.
    `navigates`: the browser says that a person goes to a page. `lang` is zh_CN or en, `address` the
    browser's IP address. `own_query`: which of `code` and `state` are also parameters of this page.
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
        """Return the name under which rate limits count this request."""
        return network_of(self.address)

    @property
    def session_id(self) -> str:
        """Return the id in the session cookie; empty if the browser sent none."""
        return self.cookies.get(SESSION_COOKIE, "")

    @property
    def browser_id(self) -> str:
        """Return the text in the cookie that names this browser, as it was sent; empty if it sent none."""
        return self.cookies.get(BROWSER_COOKIE, "")

    def clean_path(self, own: tuple[str, ...] | None = None) -> str:
        """Return path and query of the page, without what WeChat and we have added.

        `own` says which of `code` and `state` stay; by default those of `own_query`.
        """
        return self.path + clean_query(self.query, self.own_query if own is None else own)

    def ask_path(self, ask: str, own: tuple[str, ...] | None = None) -> str:
        """Return the clean path with the visitor's wish in it: to be asked by WeChat ("1") or not ("0")."""
        path = self.clean_path(own)
        return f"{path}{'&' if '?' in path else '?'}{ASK}={ask}"


@dataclass(frozen=True)
class Need:
    """Hold what a page asks of its visitor.

    `popup`: WeChat asks even where it could be silent. `or_silent`: a visitor who refuses consent may come in
    without a name. `fresh`: the login came back to this very browser at most so many seconds ago; with 0 it
    is enough that the visitor is recognised.
    """

    scope: str = "snsapi_base"
    popup: bool = False
    or_silent: bool = False
    fresh: float = 0.0


@dataclass(frozen=True)
class Go:
    """Send the browser to `url` with these cookies. A cookie with an empty value is deleted."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)


def clean_query(query: str, own: tuple[str, ...] = ()) -> str:
    """Return a page's query with its `?`, or an empty text, without what WeChat and we have added.

    `own` says which of `code` and `state` are the page's own and stay.
    """
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True)
    strange = {*_OURS, *_WECHATS} - {*own}
    kept = urlencode([(name, value) for name, value in pairs if name not in strange])
    return f"?{kept}" if kept else ""


def browser_of(cookies: Mapping[str, str]) -> str:
    """Return the random text that names this browser: its cookie's if that can be ours, or a new one."""
    known = cookies.get(BROWSER_COOKIE, "")
    return (
        known
        if 16 <= len(known) <= 64 and known.isascii() and known.isprintable()
        else secrets.token_urlsafe(16)
    )
