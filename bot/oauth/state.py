"""The `state` that goes to WeChat and comes back.

A state of ours is random, good for one login, and bound to the browser that it was made for. A menu link is
one URL for everybody and cannot carry such a state: it has a signed constant, enough to recognise a visitor.
"""

import hashlib
import hmac
import json
import re
import secrets
from urllib.parse import quote, unquote

from bot.errors import VisitError
from bot.store import Store

PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"  # of a URL's path, all that browsers leave as they are
_SHAPE = re.compile(r"[0-9a-f]{32}|menu[0-9a-f]{40}")
_LIFETIME = 600.0  # seconds for a person to agree; a code itself lives five minutes
_AFTER_USE = 60.0  # WeChat now and then calls the redirect twice, within moments


def is_state(text: str) -> bool:
    """Whether a text has the shape of our states; nothing more."""
    return _SHAPE.fullmatch(text) is not None


class States:
    """`kind` keeps the states of different apps apart."""

    def __init__(self, store: Store, secret_key: str, kind: str = "state") -> None:
        self._kind = kind
        self._store = store
        self._secret_key = secret_key.encode()

    def new(self, return_path: str, browser: str) -> str:
        """A state of 32 letters and digits, kept here with the local path to return to."""
        state = secrets.token_hex(16)
        record = json.dumps([return_path, browser, "", False]).encode()
        self._store.put(self._key(state), record, _LIFETIME)
        return state

    def use(self, state: str, code: str, browser: str) -> str:
        """The local path that the login of `state` returns to. A state is good for one code: with the same
        code (a doubled redirect) it is taken for a minute more, with another it is not. `browser` is the
        cookie that came back, empty where none did: once its owner has shown theirs, it is nobody else's.

        Raises VisitError: old-state for one that is unknown, lapsed or used, foreign-state for another
        browser's, which stays good for its owner.
        """
        key = self._key(state)
        digest = hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
        record = self._store.get(key)
        if record is not None:
            path, owner, used_by, *rest = json.loads(record)
            by_owner = bool(rest and rest[0])  # none in a state that the version before this has made
            if browser and not hmac.compare_digest(browser.encode("utf-8", "replace"), owner.encode()):
                raise VisitError("foreign-state", 403)
            if by_owner and not browser:
                raise VisitError("foreign-state", 403)
            if not used_by or hmac.compare_digest(used_by, digest):
                used = json.dumps([path, owner, digest, by_owner or bool(browser)]).encode()
                if used == record or self._store.swap(key, record, used, _AFTER_USE):
                    return str(path)
                return self.use(state, code, browser)  # another request was quicker: look at what it wrote
        raise VisitError("old-state", 400)

    def is_open(self, state: str) -> bool:
        """Whether a login with this state has begun, and neither come back nor lapsed."""
        record = self._store.get(self._key(state)) if state else None
        return record is not None and json.loads(record)[2] == ""

    def for_menu(self, path: str) -> str:
        """The constant state of a menu link to `path`, percent-encoded or not."""
        path = quote(unquote(path), safe=PATH_CHARACTERS)
        digest = hmac.new(self._secret_key, b"menu-link\0" + path.encode(), hashlib.sha256)
        return "menu" + digest.hexdigest()[:40]

    def is_for_menu(self, state: str, path: str) -> bool:
        """Whether for_menu() made `state` for `path`."""
        return hmac.compare_digest(state.encode("utf-8", "replace"), self.for_menu(path).encode())

    def _key(self, state: str) -> str:
        return f"{self._kind}:" + hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()[:40]
