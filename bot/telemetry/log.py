"""Log lines: as text for people or as JSON for machines, each with the id of its request.

No line contains a message body, a secret or a token. Of foreign exceptions only type and place are logged,
because their text may quote a user's message or a URL with a token. LOG_ERROR_TEXTS adds the texts, for
developers.
"""

import contextvars
import json
import logging
import sys
import time
import traceback
from functools import lru_cache
from typing import Any

from bot.errors import BotError

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")

_MAX_FRAMES = 6
_MAX_TEXT = 300
_NOTHING = ("", None)
_with_texts = False


def describe(error: BaseException) -> str:
    """Return an exception as one line: its type, its text (of our own errors, or with LOG_ERROR_TEXTS), and
    the six innermost places of its traceback."""
    text = f": {error}"[:_MAX_TEXT] if _with_texts or isinstance(error, BotError) else ""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(error).__name__}{text} at {places or 'unknown place'}"


_audit = logging.getLogger("bot.audit")


def audit(event: str, **facts: object) -> None:
    """Write a line about a login or binding of a person to the logger `bot.audit`.

    `facts` must not contain secrets, codes or whole phone numbers.
    """
    _audit.info("audit", extra={"facts": {"event": event, **facts}})


class _Lines(logging.Formatter):
    """Format log records. The attribute `facts` of a record is a dict that is added to the line."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        facts: dict[str, Any] = getattr(record, "facts", {})
        at = f"{_second(int(record.created))}.{int(record.msecs):03d}Z"
        if self._as_json:
            head = {"at": at, "level": record.levelname, "id": request_id.get(), "text": record.getMessage()}
            return json.dumps({**head, **facts}, ensure_ascii=False)
        shown = [f" {name}={_quoted(value)}" for name, value in facts.items() if value not in _NOTHING]
        tail = "".join(shown)
        return _plain(f"{at} {record.levelname} {request_id.get()} {record.getMessage()}{tail}")


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


def _quoted(value: object) -> str:
    # Quote values with spaces, so that a path from a stranger cannot add facts to the line.
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text else text


def _plain(text: str) -> str:
    # Escape control characters, so that a newline in a path cannot add a line to the log.
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def set_up(log_format: str, *, with_texts: bool, with_requests: bool = True) -> None:
    """Send the bot's log lines to standard error. Call it once in each process.

    `log_format` is `text` or `json`. `with_texts` adds the texts of foreign exceptions (LOG_ERROR_TEXTS).
    Without `with_requests`, no line is written for each request (LOG_REQUESTS).
    """
    global _with_texts
    _with_texts = with_texts
    # Our lines do not show thread, process and source line. Collecting these costs more than the rest of a
    # line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(as_json=log_format == "json"))
    logger = logging.getLogger("bot")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger("bot.request").setLevel(logging.INFO if with_requests else logging.WARNING)
