"""The error tree. Each error carries data, so that its reader need not parse its text.

BotError
├── ConfigError       settings are missing or wrong; lists every fault
├── Refused           a delivery did not pass the gate; has an HTTP status
├── HandlerError      a handler returned what cannot be a reply
├── StoreError        the store cannot be reached or refused to work
├── MenuError         the menu breaks WeChat's limits; lists every fault
├── VisitError        a page visit cannot go on; has a reason a page can explain
└── WeChatError       WeChat answered with an errcode
    ├── WeChatUnreachable   no answer, or not one that can be read
    └── TokenBudgetSpent    too many token fetches today; we stopped before WeChat does
"""

from collections.abc import Sequence


class BotError(Exception):
    """The root: everything that this package raises on purpose."""


class ConfigError(BotError):
    """Settings are missing or wrong. `faults` has one line for each, naming the setting."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class Refused(BotError):
    """A delivery did not pass the gate.

    `status` is the HTTP status to answer with (403 for what is not from WeChat or not for us, 400 for
    what cannot be read); `reason` is a short fixed word for the log. Neither holds anything of the body.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class HandlerError(BotError):
    """A handler returned what cannot be a reply. `handler` is its name."""

    def __init__(self, handler: str, problem: str) -> None:
        super().__init__(f"handler {handler}: {problem}")
        self.handler = handler


class StoreError(BotError):
    """The store cannot be reached or refused to work; the message names the store and the way out."""


class MenuError(BotError):
    """The menu breaks WeChat's limits. `faults` has one line for each, naming the button."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class VisitError(BotError):
    """A page visit cannot go on.

    `reason` is one of: refused, bad-code, used-code, foreign-state, old-state, not-allowed, wechat-down.
    `status` is the HTTP status of the page that explains it; `errcode` is WeChat's, where there is one.
    """

    def __init__(self, reason: str, status: int, errcode: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.errcode = errcode


class WeChatError(BotError):
    """WeChat answered with an errcode. `errmsg` is WeChat's own text (it ends in a request id)."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"WeChat answered {errcode}: {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


class WeChatUnreachable(WeChatError):
    """No answer from WeChat, or not one that can be read. `errcode` is -1, as WeChat's own "busy".

    `is_timeout`: the request was sent and may still have its effect.
    """

    def __init__(self, problem: str, *, is_timeout: bool = False) -> None:
        super().__init__(-1, problem)
        self.is_timeout = is_timeout


class TokenBudgetSpent(WeChatError):
    """More token fetches today than TOKEN_DAILY_BUDGET allows; `errcode` is 45009, as WeChat's own."""

    def __init__(self, budget: int) -> None:
        super().__init__(45009, f"daily budget of {budget} token fetches is spent; see TOKEN_DAILY_BUDGET")
