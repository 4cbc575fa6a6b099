"""Make and check the `state`, which WeChat receives with a login and sends back.

A state is random, valid for one login, and bound to the browser that it was made for. A menu link is the same
URL for all users, so it cannot contain such a state. It has a signature instead, which is enough to recognise
a visitor.
"""

import re
import secrets
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from bot.errors import VisitError
from bot.store import Store, Write
from bot.store.codec import dump, find
from bot.store.signing import Signer, fingerprint, is_same

PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"  # the characters of a URL's path that browsers do not encode
_SHAPE = re.compile(r"[0-9a-f]{32}|menu[0-9a-f]{40}")
_LIFETIME = 600.0  # the time in which the visitor must agree; a code is valid for five minutes
_AFTER_USE = 60.0  # WeChat sometimes calls the redirect twice within moments


def is_state(text: str) -> bool:
    """Return True if a text has the form of our states. It may still be forged."""
    return _SHAPE.fullmatch(text) is not None


@dataclass(frozen=True)
class _State:
    """`path` is the page to return to, `browser` the cookie of the browser that began the login. `code` is
    the fingerprint of the code that the state was used with, empty before the first use. `by_owner`: that
    browser has sent its cookie."""

    path: str
    browser: str
    code: str = ""
    by_owner: bool = False


class States:
    """The states of one app. `kind` separates the states of different apps."""

    def __init__(self, store: Store, secret_key: str, kind: str = "state") -> None:
        self._kind = kind
        self._store = store
        self._menu_links = Signer(secret_key, "menu-link")

    def new(self, return_path: str, browser: str) -> str:
        """Return a new state of 32 hex digits, and store the local path to return to."""
        state = secrets.token_hex(16)
        self._store.put(self._key(state), dump(_State(return_path, browser)), _LIFETIME)
        return state

    def use(self, state: str, code: str, browser: str) -> str:
        """Return the local path to which the login of `state` returns.

        A state is valid for one code. With the same code (a doubled redirect) it is accepted for one more
        minute, with another code it is refused. `browser` is the cookie of the request, or empty. After the
        browser that owns the state has sent its cookie, a request without a cookie is refused.

        Raises VisitError: old-state if the state is unknown, expired or used; foreign-state if it belongs to
        another browser. In the second case it stays valid for its owner.
        """
        used_with = fingerprint(code)

        path = ""

        def use(record: bytes | None) -> Write | None:
            nonlocal path
            kept = find(_State, record)
            if kept is None:
                raise VisitError("old-state", 400)
            path = kept.path
            if not is_same(kept.browser, browser) if browser else kept.by_owner:
                raise VisitError("foreign-state", 403)
            if kept.code and not is_same(kept.code, used_with):
                raise VisitError("old-state", 400)
            used = replace(kept, code=used_with, by_owner=kept.by_owner or bool(browser))
            # A write would renew the minute: a state must not live for as long as somebody repeats a request.
            return Write(dump(used), _AFTER_USE) if used != kept else None

        self._store.update(self._key(state), use)
        return path

    def is_open(self, state: str) -> bool:
        """Return True if a login with this state has begun, and has neither returned nor expired."""
        kept = find(_State, self._store.get(self._key(state)) if state else None)
        return kept is not None and not kept.code

    def is_known(self, state: str) -> bool:
        """Return True if a login with this state has begun, and its record is still stored: ten minutes, or
        one minute after its return."""
        return self._store.get(self._key(state)) is not None

    def for_menu(self, path: str) -> str:
        """Return the constant state of a menu link to `path`, percent-encoded or not."""
        return "menu" + self._menu_links.sign(quote(unquote(path), safe=PATH_CHARACTERS))

    def is_for_menu(self, state: str, path: str) -> bool:
        """Return True if for_menu() made `state` for `path`."""
        return is_same(self.for_menu(path), state)

    def _key(self, state: str) -> str:
        return f"{self._kind}:{fingerprint(state)}"
