"""Check that a form was sent by one of our own pages, in this browser's session (protection against CSRF).

This module must not rely on one check alone. There are three: cookies are SameSite=Lax; Origin and
Sec-Fetch-Site must be ours; and the form must contain the token of the session, which only our own pages
have.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from bot.errors import FormError
from bot.oauth.state import PATH_CHARACTERS
from bot.store.signing import Signer, is_same

TOKEN_FIELD = "form_token"
MAX_BODY = 16 * 1024
_MAX_PATH = 512


def signer(secret_key: str) -> Signer:
    """Return the signer of form tokens. The token of a form is the signature of `Cookies.form_session()`."""
    return Signer(secret_key, "form")


def check(environ: Mapping[str, Any], sent: bytes, *, origin: str, expected: str) -> dict[str, str]:
    """Return the fields of a form without its token. Raises FormError if our pages did not send it.

    `sent` is the body of the request, `origin` the origin of our pages, `expected` the token of this session.
    """
    if len(sent) > MAX_BODY:
        raise FormError("bad-form", 413)
    kind = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise FormError("bad-form", 415)
    try:
        fields = dict(parse_qsl(sent.decode(), keep_blank_values=True, max_num_fields=32))
    except ValueError:
        raise FormError("bad-form", 400) from None
    sent_from = environ.get("HTTP_ORIGIN")
    # A browser sends `null` if a policy hides the origin. Our policy does not hide it from this site.
    if sent_from is not None and sent_from != origin:
        raise FormError("foreign-form", 403)
    if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
        raise FormError("foreign-form", 403)
    given = fields.pop(TOKEN_FIELD, "")
    if not is_same(expected, given):
        raise FormError("foreign-form", 403)
    return fields


def local_path(wanted: str, default: str = "/") -> str:
    """Return `wanted` if it is a path of this site, else `default`, so that no redirect leads to another
    site."""
    text = unquote(wanted)
    if not wanted.startswith("/") or len(wanted) > _MAX_PATH:
        return default
    if any(part.startswith(("//", "/\\")) or "\\" in part for part in (wanted, text)):
        return default
    if any(char <= " " or char == "\x7f" for char in wanted) or not text.isprintable():
        return default
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return default
    # A header has ASCII only. Characters that are percent-encoded already stay as they are.
    return default if parts.scheme or parts.netloc else quote(wanted, safe=PATH_CHARACTERS + "?#%")
