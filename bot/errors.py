"""The error tree. Each error carries data, so that callers need not parse its text.

BotError
├── ConfigError       settings are missing or wrong; lists every fault
├── Refused           a delivery did not pass the gate; has an HTTP status
├── HandlersError     the operator's package cannot work; lists every fault
├── TemplateError     a template is missing or cannot be compiled; names file and line
├── HandlerError      a handler returned something that is not a reply
├── StoreError        the store cannot be reached, or refused to work
│   └── StoreUnusable       the store is of a kind that the bot cannot use
├── MenuError         the menu breaks WeChat's limits; lists every fault
├── VisitError        a page visit cannot go on; has a reason for the page that explains it
├── FormError         a form was not sent by one of our pages; has a reason for the page that explains it
├── PhoneError        the typed text is not a phone number that can be bound; has a reason
├── CodeError         an SMS code cannot be sent, or the typed code is not valid; has a reason
├── BindingError      a phone cannot be bound to a person; has a reason
├── SmsError          the carrier did not take a text message; has the carrier's code
└── WeChatError       WeChat answered with an errcode
    ├── WeChatUnreachable   WeChat gave no answer, or one that cannot be read
    └── TokenBudgetSpent    too many token fetches today; stopped by TOKEN_DAILY_BUDGET, not by WeChat
"""

from collections.abc import Sequence
from pathlib import Path


class BotError(Exception):
    """The base class of all errors that this package raises on purpose."""


class ConfigError(BotError):
    """Settings are missing or wrong. `faults` has one line for each wrong setting; the line names the
    setting."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class Refused(BotError):
    """A delivery did not pass the gate.

    `status` is the HTTP status of the answer: 403 if the delivery is not from WeChat or not for this account,
    400 if it cannot be read. `reason` is a short fixed word for the log. Neither quotes the body.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class HandlersError(BotError):
    """The operator's package cannot be imported, or parts of it cannot work. `package` is its name.
    `faults` has one text for each fault; the text names the file, the entry or the template."""

    def __init__(self, package: str, faults: Sequence[str]) -> None:
        super().__init__("\n".join([f"the package {package!r} (HANDLERS) cannot be used:", *faults]))
        self.package = package
        self.faults = list(faults)


class TemplateError(BotError):
    """A template does not exist or cannot be compiled. The text names the file, the line and the problem."""


class HandlerError(BotError):
    """A handler returned something that is not a reply, or tried to exit. `handler` is its name."""

    def __init__(self, handler: str, problem: str) -> None:
        super().__init__(f"handler {handler}: {problem}")
        self.handler = handler


class StoreError(BotError):
    """The store cannot be reached, or refused to work. The text names the store and the problem."""


class StoreUnusable(StoreError):
    """The store is of a kind that the bot cannot use, such as a node of a Redis Cluster. Waiting does not
    help: STORE_URL must be changed."""


class MenuError(BotError):
    """The menu breaks WeChat's limits. `faults` has one line for each broken limit; the line names the
    button."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class VisitError(BotError):
    """A page visit cannot go on.

    `reason` is one of: refused, bad-code, used-code, foreign-state, old-state, not-allowed, wechat-down,
    snapshot (a snapshot user may only read the page), no-cookies (the browser keeps no cookies, so it cannot
    log in), not-in-wechat (a phone's browser that cannot open WeChat's pages; `way_on` is a local path),
    consent-open (the visitor came back from the consent page without an answer), too-many (visits of this
    visitor), busy (too many visitors). `status` is the HTTP status of the error page, `errcode` the one from
    WeChat, if there is one. `way_on` is the URL that the error page offers for another try; if it is empty,
    the page itself. `way_around` is a URL that opens the page without the failed step, or empty.
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
    """A form was not sent by one of our pages, or cannot be read.

    `reason` is foreign-form (from another site, another session or an old page) or bad-form (it cannot be
    read as a form). `status` is the HTTP status of the page that explains it.
    """

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class PhoneError(BotError):
    """The typed text is not a phone number that can be bound. `reason` is unreadable, landline or foreign."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CodeError(BotError):
    """An SMS code cannot be sent, or the typed code is not valid.

    `reason`, when a code is requested: no-sender, pause (one code a minute: try again in `wait` seconds) or
    quota (no more codes today). `reason`, when a code is typed: expired, wrong or tries (too many wrong
    codes).
    """

    def __init__(self, reason: str, wait: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class BindingError(BotError):
    """A phone cannot be bound. `reason` is taken (another person has it) or busy (the same person is binding
    another phone at this moment)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SmsError(BotError):
    """The carrier did not accept a text message. `code` is its error code, without phone and message."""

    def __init__(self, carrier: str, code: str) -> None:
        super().__init__(f"{carrier}: {code}")
        self.carrier = carrier
        self.code = code


class WeChatError(BotError):
    """WeChat answered with an errcode. `errmsg` is WeChat's own text (it ends in a request id). `call` is the
    path of the call, such as /cgi-bin/menu/get, or empty."""

    def __init__(self, errcode: int, errmsg: str, call: str = "") -> None:
        super().__init__(f"{call}: {self._text(errcode, errmsg)}" if call else self._text(errcode, errmsg))
        self.errcode = errcode
        self.errmsg = errmsg
        self.call = call

    @staticmethod
    def _text(errcode: int, errmsg: str) -> str:
        return f"WeChat answered {errcode}: {errmsg}"


class WeChatUnreachable(WeChatError):
    """WeChat gave no answer, or one that cannot be read.

    `errcode` is -1, like WeChat's own "busy", but WeChat has not sent it: the text is only `problem`.
    `was_sent` is True if the request may have reached WeChat. WeChat may then have executed it.
    """

    def __init__(self, problem: str, *, was_sent: bool = False, call: str = "") -> None:
        super().__init__(-1, problem, call)
        self.was_sent = was_sent

    @staticmethod
    def _text(errcode: int, errmsg: str) -> str:
        return errmsg


class TokenBudgetSpent(WeChatError):
    """TOKEN_DAILY_BUDGET allows no more token fetches today. `errcode` is 45009, as for WeChat's limit."""

    def __init__(self, budget: int) -> None:
        super().__init__(45009, f"daily budget of {budget} token fetches is spent; see TOKEN_DAILY_BUDGET")


def short_path(file: str) -> str:
    """Return a path relative to the current folder if it is inside. For messages to the operator."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
