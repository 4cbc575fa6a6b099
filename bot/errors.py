"""The error tree. Each error carries data, so that its reader need not parse its text.

BotError
├── ConfigError       settings are missing or wrong; lists every fault
├── Refused           a delivery did not pass the gate; has an HTTP status
├── HandlersError     entries of handlers/ cannot work; lists every fault
├── HandlerError      a handler returned what cannot be a reply
├── StoreError        the store cannot be reached or refused to work
├── MenuError         the menu breaks WeChat's limits; lists every fault
├── VisitError        a page visit cannot go on; has a reason a page can explain
├── FormError         a form that was sent is not one of ours; has a reason a page can explain
├── PhoneError        what was typed is not a phone number we take; has a reason
├── CodeError         a code by SMS cannot be sent or is not right; has a reason
├── BindingError      a phone cannot be bound to a person; has a reason
├── SmsError          a text message was not taken by its carrier; has the carrier's code
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


class HandlersError(BotError):
    """Entries of CHAT or PAGES cannot work. `faults` has one line for each, naming the entry."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class HandlerError(BotError):
    """A handler returned what cannot be a reply, or wanted to end the process. `handler` is its name."""

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

    `reason` is one of: refused, bad-code, used-code, foreign-state, old-state, not-allowed, wechat-down,
    snapshot (may look, not act), no-cookies (nothing can be proven to a browser that keeps none),
    not-in-wechat (a phone's browser, to which WeChat's pages do not open; `way_on` is a path of ours),
    consent-open (came back from the consent page without having agreed), too-many (of this visitor),
    busy (too many visitors).
    `status` is the HTTP status of the page that explains it; `errcode` is WeChat's, where there is one.
    `way_on` is the URL that tries again, if it is not the page itself; `way_around` one that does without.
    """

    def __init__(
        self,
        reason: str,
        status: int,
        errcode: int | None = None,
        *,
        way_on: str = "",
        way_around: str = "",
    ) -> None:
        super().__init__(reason)
        self.way_on = way_on
        self.way_around = way_around
        self.reason = reason
        self.status = status
        self.errcode = errcode


class FormError(BotError):
    """A form that was sent is not one of ours. `reason` is foreign-form (another site's, another session's,
    or an old page's) or bad-form (not a form at all); `status` is that of the page that explains it."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class PhoneError(BotError):
    """What was typed is not a phone number we take. `reason` is unreadable, landline or foreign."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CodeError(BotError):
    """A code by SMS. `reason` is no-sender, pause (one a minute: again in `wait` seconds) or quota (the day's
    are used up) when one is asked for; expired, wrong or tries (too many wrong ones) when one is typed."""

    def __init__(self, reason: str, wait: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class BindingError(BotError):
    """A phone cannot be bound. `reason` is taken (it is another person's) or busy (the same person is binding
    another at this moment)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SmsError(BotError):
    """A text message was not taken. `code` is the carrier's own code; neither phone nor text is in it."""

    def __init__(self, carrier: str, code: str) -> None:
        super().__init__(f"{carrier}: {code}")
        self.carrier = carrier
        self.code = code


class WeChatError(BotError):
    """WeChat answered with an errcode. `errmsg` is WeChat's own text (it ends in a request id)."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"WeChat answered {errcode}: {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


class WeChatUnreachable(WeChatError):
    """No answer from WeChat, or not one that can be read. `errcode` is -1, as WeChat's own "busy", but
    nobody has said so: the text is `problem` alone.

    `was_sent`: WeChat may have done what it was asked for, though nothing says so.
    """

    def __init__(self, problem: str, *, was_sent: bool = False) -> None:
        super().__init__(-1, problem)
        self.was_sent = was_sent

    def __str__(self) -> str:
        return self.errmsg


class TokenBudgetSpent(WeChatError):
    """More token fetches today than TOKEN_DAILY_BUDGET allows; `errcode` is 45009, as WeChat's own."""

    def __init__(self, budget: int) -> None:
        super().__init__(45009, f"daily budget of {budget} token fetches is spent; see TOKEN_DAILY_BUDGET")
