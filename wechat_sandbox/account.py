"""The settings of the official account and of the website app, as in WeChat's console."""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from wechat_sandbox.rights import Kind
from wechat_sandbox.settings import About, SettingError, must_match, to_json

MAX_WEB_DOMAINS = 2
MAX_JS_DOMAINS = 5


def _must_be_address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise SettingError("ip_whitelist", f"must be IP addresses, got {text!r}") from None


class Mode(StrEnum):
    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


@dataclass(frozen=True)
class Account:
    """The settings of the account. The defaults are the same in every run, so a developer can copy them once
    into the settings of a server.

    If `js_domains` is empty, the web domains are used instead. The website app (`site_…`) is a separate
    account on the Open Platform. It has its own openids and logs visitors in by QR code.
    """

    app_id: Annotated[str, About("AppID, wx and 16 lower-case letters or digits", live=False)] = (
        "wx5a5b5c5d5e5f5051"
    )
    app_secret: Annotated[str, About("AppSecret, 16 to 64 letters and digits", live=False)] = (
        "5a5b5c5d5e5f505152535455565758aa"
    )
    token: Annotated[str, About("Token of the callback, 3 to 32 letters and digits")] = "sandboxtoken"
    aes_key: Annotated[str, About("EncodingAESKey, 43 letters and digits")] = (
        "SandboxSandboxSandboxSandboxSandboxSandbox0"
    )
    original_id: Annotated[str, About("original id, gh_ and lower-case letters or digits", live=False)] = (
        "gh_5a5b5c5d5e5f"
    )
    name: Annotated[str, About("name on the phone")] = "沙盒公众号"
    kind: Annotated[Kind, About("kind of account, which decides its rights", flag="--account-kind")] = (
        Kind.SERVICE_VERIFIED
    )
    mode: Annotated[Mode, About("encryption of the messages")] = Mode.PLAIN
    web_domains: Annotated[tuple[str, ...], About("domain for OAuth, at most two", metavar="HOST[:PORT]")] = (
        "127.0.0.1",
        "localhost",
    )
    js_domains: Annotated[
        tuple[str, ...],
        About("domain for the JS-SDK, at most five; none: the web domains", metavar="HOST[:PORT]"),
    ] = ()
    ip_whitelist: Annotated[frozenset[str], About("IP that may fetch tokens; none: all", metavar="IP")] = (
        frozenset()
    )
    open_platform: Annotated[bool, About("bound to an Open Platform account, so unionids appear")] = False
    site_app_id: Annotated[str, About("AppID of the website app", live=False)] = "wx5e5d5c5b5a595857"
    site_app_secret: Annotated[str, About("AppSecret of the website app", live=False)] = (
        "5e5d5c5b5a595857565554535251500f"
    )
    site_domains: Annotated[tuple[str, ...], About("domain of the website app", metavar="HOST[:PORT]")] = (
        "127.0.0.1",
        "localhost",
    )

    def __post_init__(self) -> None:
        """Check all settings. Raises SettingError for the first wrong one (rule 2)."""
        for name in ("app_id", "site_app_id"):
            must_match(name, getattr(self, name), r"wx[0-9a-z]{16}", "wx and 16 lower-case letters or digits")
        for name in ("app_secret", "site_app_secret"):
            must_match(name, getattr(self, name), r"[0-9a-zA-Z]{16,64}", "16 to 64 letters and digits")
        must_match("token", self.token, r"[A-Za-z0-9]{3,32}", "3 to 32 letters and digits")
        must_match("aes_key", self.aes_key, r"[A-Za-z0-9]{43}", "exactly 43 letters and digits")
        must_match(
            "original_id", self.original_id, r"gh_[0-9a-z]{4,20}", "gh_ and lower-case letters or digits"
        )
        if not self.name.strip():
            raise SettingError("name", "must not be empty")
        if self.site_app_id == self.app_id:
            raise SettingError("site_app_id", "must differ from the official account's AppID")
        for address in self.ip_whitelist:
            _must_be_address(address)
        self._check_domains("web_domains", MAX_WEB_DOMAINS)
        self._check_domains("js_domains", MAX_JS_DOMAINS)
        self._check_domains("site_domains", MAX_WEB_DOMAINS)

    def _check_domains(self, name: str, most: int) -> None:
        domains: tuple[str, ...] = getattr(self, name)
        if len(domains) > most:
            raise SettingError(name, f"at most {most}, as in WeChat's console")
        for domain in domains:
            # Protocol §6.1. The sandbox also allows a port, because a developer's machine has few host names.
            rule = "HOST or HOST:PORT, without http:// and path"
            must_match(name, domain, r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", rule)

    @property
    def pages_domains(self) -> tuple[str, ...]:
        """Return the domains whose pages may use the JS-SDK."""
        return self.js_domains or self.web_domains

    def to_json(self) -> dict[str, Any]:
        return to_json(self) | {"js_domains": list(self.pages_domains)}
