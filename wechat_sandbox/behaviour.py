"""How the platform behaves where sources differ, where it has changed, and where trouble is wanted."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from wechat_sandbox.settings import About, SettingError


class Consent(StrEnum):
    """What a follower sees on a snsapi_userinfo page opened for the first time (rule 27)."""

    ASK = "ask"
    SILENT_FOR_FOLLOWERS = "silent-for-followers"


class Escapes(StrEnum):
    r"""What becomes of `\uXXXX` in a menu (rule 21)."""

    REFUSE = "refuse"
    LITERAL = "literal"


class Proof(StrEnum):
    """Which newly set domains must serve the account's MP_verify file (rule 25)."""

    ALWAYS = "always"
    NOT_LOOPBACK = "not-loopback"
    NEVER = "never"


@dataclass(frozen=True)
class Behaviour:
    """Each default is the best attested value."""

    deadline: Annotated[float, About("seconds for the answer to a delivery")] = 5.0
    attempts: Annotated[int, About("deliveries of a message that is not answered in time")] = 3
    bad_status_attempts: Annotated[
        int, About("deliveries of a message that is answered badly; some saw 4")
    ] = 3
    resend_pause: Annotated[float, About("seconds before the next delivery after a bad answer")] = 0.3
    text_limit: Annotated[int, About("bytes of a text")] = 2048
    failure_line: Annotated[str, About("the grey line after the last failure")] = (
        "该公众号提供的服务出现故障，请稍后再试"
    )
    silent_events: Annotated[bool, About("unsubscribe, VIEW and such show no reply and no failure line")] = (
        True
    )
    escaped_names: Annotated[Escapes, About(r"\uXXXX in a menu's names")] = Escapes.REFUSE
    enforce_menu_cache: Annotated[bool, About("phones keep a menu for five minutes")] = True
    consent: Annotated[Consent, About("what a follower's first snsapi_userinfo page does")] = Consent.ASK
    snapshots: Annotated[
        bool, About("userinfo pages open as snapshots until the user wants the full service")
    ] = False
    base_without_unionid: Annotated[
        bool, About("the code of a silent login (snsapi_base) tells no unionid")
    ] = False
    lenient_state: Annotated[bool, About("any OAuth state, not only letters and digits")] = False
    expired_code_errcode: Annotated[
        int, About("for an OAuth code after its five minutes; 40029 was also seen")
    ] = 42003
    site_code_seconds: Annotated[int, About("life of a website login's code; 300 is also said")] = 600
    stranger_errcode: Annotated[
        int, About("for a custom message to a non-follower: 40003, 43004 or 45015")
    ] = 45015
    callback_public_ports_only: Annotated[bool, About("callback URLs on ports 80 and 443 only")] = False
    prove_domains: Annotated[Proof, About("which newly set domains need their MP_verify file")] = (
        Proof.NOT_LOOPBACK
    )
    location_reports: Annotated[bool, About("LOCATION is reported when a user opens the chat")] = False
    equal_msg_ids: Annotated[bool, About("two users' next messages carry one MsgId")] = False
    same_second: Annotated[bool, About("a user's events of one minute carry one CreateTime")] = False
    login_poll_seconds: Annotated[float, About("how long the poll of a website login is held")] = 25.0

    def __post_init__(self) -> None:
        """Raises SettingError."""
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
            raise SettingError("expired_code_errcode", "42003 or 40029")
        if self.site_code_seconds < 1:
            raise SettingError("site_code_seconds", "at least 1")
        if self.stranger_errcode not in (40003, 43004, 45015):
            raise SettingError("stranger_errcode", "40003, 43004 or 45015")
        if not 0 <= self.login_poll_seconds <= 60:
            raise SettingError("login_poll_seconds", "0 to 60 seconds")
