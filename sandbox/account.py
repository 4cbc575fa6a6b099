"""The official account, and how the platform behaves towards it where sources differ.

Both are given at the start and frozen; what changes while running (callback, web domains) lives in `world`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.rights import Kind

MAX_WEB_DOMAINS = 2


class Mode(StrEnum):
    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


class Consent(StrEnum):
    """What a follower sees on a snsapi_userinfo page opened for the first time (rule 27)."""

    ASK = "ask"
    SILENT_FOR_FOLLOWERS = "silent-for-followers"


@dataclass(frozen=True)
class Account:
    """The defaults are fixed, so that a developer can copy them into a configuration once."""

    app_id: str = "wx5a5b5c5d5e5f5051"
    app_secret: str = "5a5b5c5d5e5f505152535455565758aa"
    token: str = "sandboxtoken"
    aes_key: str = "SandboxSandboxSandboxSandboxSandboxSandbox0"
    original_id: str = "gh_5a5b5c5d5e5f"
    name: str = "沙盒公众号"
    kind: Kind = Kind.SERVICE_VERIFIED
    mode: Mode = Mode.PLAIN
    web_domains: tuple[str, ...] = ("127.0.0.1", "localhost")
    ip_whitelist: frozenset[str] = frozenset()
    open_platform: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError naming the setting (rule 2)."""
        _match("--app-id", self.app_id, r"wx[0-9a-z]{16}", "wx and 16 lower-case letters or digits")
        _match("--app-secret", self.app_secret, r"[0-9a-zA-Z]{16,64}", "16 to 64 letters and digits")
        _match("--token", self.token, r"[A-Za-z0-9]{3,32}", "3 to 32 letters and digits")
        _match("--aes-key", self.aes_key, r"[A-Za-z0-9]{43}", "exactly 43 letters and digits")
        _match(
            "--original-id", self.original_id, r"gh_[0-9a-z]{4,20}", "gh_ and lower-case letters or digits"
        )
        if len(self.web_domains) > MAX_WEB_DOMAINS:
            raise ValueError(f"--web-domain: at most {MAX_WEB_DOMAINS}, as in WeChat's console")
        for domain in self.web_domains:
            check_web_domain(domain)

    def to_json(self) -> dict[str, Any]:
        return {
            "app_id": self.app_id,
            "app_secret": self.app_secret,
            "token": self.token,
            "aes_key": self.aes_key,
            "original_id": self.original_id,
            "name": self.name,
            "kind": self.kind.value,
            "mode": self.mode.value,
            "ip_whitelist": sorted(self.ip_whitelist),
            "open_platform": self.open_platform,
        }


@dataclass(frozen=True)
class Behaviour:
    """The points on which sources disagree or WeChat has changed; each default is the best attested."""

    deadline: float = 5.0
    attempts: int = 3
    text_limit: int = 2048
    failure_line: str = "该公众号提供的服务出现故障，请稍后再试"
    consent: Consent = Consent.ASK
    lenient_state: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError naming the setting."""
        if not 0 < self.deadline <= 60:
            raise ValueError("--deadline: more than 0 and at most 60 seconds")
        if not 1 <= self.attempts <= 10:
            raise ValueError("--attempts: 1 to 10")
        if self.text_limit < 1:
            raise ValueError("--text-limit: at least 1 byte")
        if not self.failure_line:
            raise ValueError("--failure-line: must not be empty")

    def to_json(self) -> dict[str, Any]:
        return {
            "deadline": self.deadline,
            "attempts": self.attempts,
            "text_limit": self.text_limit,
            "failure_line": self.failure_line,
            "consent": self.consent.value,
            "lenient_state": self.lenient_state,
        }


def check_web_domain(domain: str) -> None:
    """Raises ValueError unless `domain` is HOST or HOST:PORT without scheme or path (protocol §6.1)."""
    _match(
        "--web-domain", domain, r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", "HOST or HOST:PORT, without http:// and path"
    )


def _match(setting: str, value: str, pattern: str, rule: str) -> None:
    if not re.fullmatch(pattern, value):
        raise ValueError(f"{setting}: must be {rule}; got {value!r}")
