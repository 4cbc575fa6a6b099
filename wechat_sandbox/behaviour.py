"""Settings for behaviour that differs between sources or that WeChat has changed, and for stress tests."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from wechat_sandbox.settings import About, SettingError


class Consent(StrEnum):
    """The behaviour of a snsapi_userinfo link that a follower opens for the first time (rule 27)."""

    ASK = "ask"
    SILENT_FOR_FOLLOWERS = "silent-for-followers"


class Escapes(StrEnum):
    r"""The handling of `\uXXXX` in the names of a menu (rule 21)."""

    REFUSE = "refuse"
    LITERAL = "literal"


class Proof(StrEnum):
    """The new domains that must serve the account's MP_verify file (rule 25)."""

    ALWAYS = "always"
    NOT_LOOPBACK = "not-loopback"
    NEVER = "never"


@dataclass(frozen=True)
class Behaviour:
    """The settings of the behaviour. The default of each setting is the value with the best sources."""

    deadline: Annotated[float, About("seconds in which a delivery must be answered")] = 5.0
    attempts: Annotated[int, About("number of deliveries of a message that times out")] = 3
    bad_status_attempts: Annotated[
        int, About("number of deliveries of a message with wrong answers; 4 was also seen")
    ] = 3
    resend_pause: Annotated[float, About("seconds before the next delivery after a wrong answer")] = 0.3
    text_limit: Annotated[int, About("most bytes of a text message")] = 2048
    failure_line: Annotated[str, About("grey line on the phone after the last failure")] = (
        "该公众号提供的服务出现故障，请稍后再试"
    )
    silent_events: Annotated[bool, About("show no reply or failure line for unsubscribe, VIEW and such")] = (
        True
    )
    escaped_names: Annotated[Escapes, About(r"handling of \uXXXX in a menu's names")] = Escapes.REFUSE
    enforce_menu_cache: Annotated[bool, About("phones keep a menu for five minutes")] = True
    consent: Annotated[Consent, About("a follower's first snsapi_userinfo page")] = Consent.ASK
    snapshots: Annotated[
        bool, About("snsapi_userinfo pages open as snapshots until the user asks for the full service")
    ] = False
    base_without_unionid: Annotated[
        bool, About("the tokens of a silent login (snsapi_base) come without unionid")
    ] = False
    lenient_state: Annotated[bool, About("accept any OAuth state, not only letters and digits")] = False
    expired_code_errcode: Annotated[int, About("errcode for an expired OAuth code; 40029 was also seen")] = (
        42003
    )
    site_code_seconds: Annotated[int, About("lifetime of a website login's code; some say 300")] = 600
    stranger_errcode: Annotated[
        int, About("errcode for a custom message to a non-follower: 40003, 43004 or 45015")
    ] = 45015
    callback_public_ports_only: Annotated[bool, About("accept callback URLs on ports 80 and 443 only")] = (
        False
    )
    prove_domains: Annotated[Proof, About("new domains that must serve their MP_verify file")] = (
        Proof.NOT_LOOPBACK
    )
    location_reports: Annotated[bool, About("report LOCATION when a user opens the chat")] = False
    equal_msg_ids: Annotated[bool, About("give the next messages of two users the same MsgId")] = False
    same_second: Annotated[bool, About("give a user's events of one minute the same CreateTime")] = False
    login_poll_seconds: Annotated[float, About("longest time of a website login's poll")] = 25.0

    def __post_init__(self) -> None:
        """Check all settings. Raises SettingError for the first wrong one."""
        if not 0 < self.deadline <= 60:
            raise SettingError("deadline", "more than 0 and at most 60 seconds")
        for name in ("attempts", "bad_status_attempts"):
            if not 1 <= getattr(self, name) <= 10:
                raise SettingError(name, "1 to 10")
        if not 0 <= self.resend_pause <= 60:
            raise SettingError("resend_pause", "0 to 60 seconds")
        if self.text_limit < 1:
            raise SettingError("text_limit", "at least 1 byte")
        if not self.failure_line:
            raise SettingError("failure_line", "must not be empty")
        if self.expired_code_errcode not in (42003, 40029):
            raise SettingError(
                "expired_code_errcode", f"must be 42003 or 40029, got {self.expired_code_errcode}"
            )
        if self.site_code_seconds < 1:
            raise SettingError("site_code_seconds", "at least 1")
        if self.stranger_errcode not in (40003, 43004, 45015):
            raise SettingError(
                "stranger_errcode", f"must be 40003, 43004 or 45015, got {self.stranger_errcode}"
            )
        if not 0 <= self.login_poll_seconds <= 60:
            raise SettingError("login_poll_seconds", "0 to 60 seconds")
