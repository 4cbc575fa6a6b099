"""The rights that this bot uses and some kinds of account lack, for `python -m bot check`.

If a right is missing, WeChat answers a call with 48001, and a page with error 10005 (docs/protocol.md §10).
"""

from bot.config import Config

_NO_MENU = "has no menu by API: setup_menu.py is refused (48001)"
_NO_CONDITIONAL_MENU = "has no conditional menus: a package with CONDITIONAL_MENUS is refused (48001)"
_NO_OAUTH = "has no OAuth: pages cannot recognise visitors or bind phones"
_NO_CODES = 'has no scene QR codes: no login on a PC by LOGIN_WAY = "scene"'
_NO_PUSH = "cannot push: an answer too late for WeChat is sent with the answer to the user's next message"
_NO_MEDIA = "may not upload: a handler's Picture(…) is sent as a card that links to it"
_LACKS = {
    "subscription": (_NO_MENU, _NO_OAUTH, _NO_CODES, _NO_PUSH, _NO_MEDIA),
    "subscription-verified": (_NO_OAUTH, _NO_CODES),
    "service": (_NO_CONDITIONAL_MENU, _NO_OAUTH, _NO_CODES, _NO_PUSH, _NO_MEDIA),
    "test": ("can have at most 100 followers, and pages recognise only these",),
}


def lacks(config: Config) -> list[str]:
    """Return a line for each feature that an account of ACCOUNT_KIND has no right to."""
    article = "an unverified" if config.account_kind in ("subscription", "service") else "a"
    return [f"{article} {config.account_kind} account {lack}" for lack in _LACKS.get(config.account_kind, ())]


def contradiction(config: Config) -> str | None:
    """Return why an account of this kind cannot work with these settings, or None."""
    if config.account_kind == "test" and config.mode != "plain":
        return f"MODE is {config.mode}, but a test account sends its messages in plain: set MODE = 'plain'"
    return None
