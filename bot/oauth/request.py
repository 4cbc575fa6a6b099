"""The records of a visit: the request, the needs of the page, and the redirect.

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
# the state of the open visit to WeChat's consent page, or `no`: the visitor has declined
ASKED_COOKIE = "asked"
TICKET = "visit"  # our query parameter with a one-page ticket
ASK = "ask"  # our query parameter with the visitor's choice: WeChat may ask for consent (1) or not (0)
_OURS = (TICKET, ASK)  # removed from a page's clean URL
_WECHATS = ("code", "state")  # removed, too, unless they are in `own_query` of the page


def login_path(to: str) -> str:
    """Return the path of the login page. After the login, the browser goes to the local path `to`."""
    return f"{LOGIN_PATH}?to={quote(to, safe='')}"


@dataclass(frozen=True)
class Request:
    """The parts of a request that a visit reads.

    `path` begins with a slash, `query` is without `?`; both are percent-encoded, as the browser has them.
    `is_pc`: a browser on a PC and outside WeChat; `is_lost_phone`: a phone's browser outside WeChat.
    `navigates`: the browser reports that a person is opening a page. `lang` is zh_CN or en, `address` the
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
        """Return the network by which rate limits count this request."""
        return network_of(self.address)

    @property
    def session_id(self) -> str:
        """Return the session id from the cookie, or an empty text if the request has no such cookie."""
        return self.cookies.get(SESSION_COOKIE, "")

    @property
    def browser_id(self) -> str:
        """Return the text in the cookie that identifies this browser, unchecked, or an empty text if it sent
        none."""
        return self.cookies.get(BROWSER_COOKIE, "")

    def clean_path(self, own: tuple[str, ...] | None = None) -> str:
        """Return path and query of the page, without the parameters that WeChat and this server have added.

        `own` lists which of `code` and `state` stay. The default is `own_query`.
        """
        return self.path + clean_query(self.query, self.own_query if own is None else own)

    def ask_path(self, ask: str, own: tuple[str, ...] | None = None) -> str:
        """Return the clean path with the visitor's choice: WeChat may ask for consent ("1") or not ("0")."""
        path = self.clean_path(own)
        return f"{path}{'&' if '?' in path else '?'}{ASK}={ask}"


@dataclass(frozen=True)
class Need:
    """The needs of a page.

    `popup`: WeChat asks for consent even if a silent login were possible. `or_silent`: a visitor who refuses
    consent may enter without a name. `fresh`: the login must be proven, and at most this many seconds old.
    With 0, any login is enough.
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


def ending_fragment(url: str) -> str:
    """Return `url` with a fragment, which is empty if it had none.

    A browser keeps its fragment over a redirect to a URL without one. After WeChat's authorize page this is
    `#wechat_redirect`, which the router of a single-page app would take for a route. (The page of a website
    app's login needs no such redirect: it opens our URL by a script, without a fragment.)
    """
    return url if "#" in url else f"{url}#"


def clean_query(query: str, own: tuple[str, ...] = ()) -> str:
    """Return a page's query with its `?`, or an empty text, without the parameters that WeChat and this
    server have added. `own` lists which of `code` and `state` belong to the page and stay."""
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True)
    strange = {*_OURS, *_WECHATS} - {*own}
    kept = urlencode([(name, value) for name, value in pairs if name not in strange])
    return f"?{kept}" if kept else ""


def browser_of(cookies: Mapping[str, str]) -> str:
    """Return the random text that identifies this browser: the value of its cookie if that has the right
    form, else a new text."""
    known = cookies.get(BROWSER_COOKIE, "")
    return (
        known
        if 16 <= len(known) <= 64 and known.isascii() and known.isprintable()
        else secrets.token_urlsafe(16)
    )
