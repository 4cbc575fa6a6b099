"""Log lines: as text for people or JSON for machines, each with the id of the request it belongs to.

Rule: no message bodies, no secrets, no tokens. Exceptions of others are therefore named by type and place;
their text may quote what a user wrote or a URL with a token in it. Only a developer's log has it.
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
    """An exception in one line: its type, our own errors' text, and the innermost places it passed."""
    text = f": {error}"[:_MAX_TEXT] if _with_texts or isinstance(error, BotError) else ""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(error).__name__}{text} at {places or 'unknown place'}"


_audit = logging.getLogger("bot.audit")


def audit(event: str, **facts: object) -> None:
    """One line for what happened to a person's login or binding. No secrets, codes or whole phone numbers."""
    _audit.info("audit", extra={"facts": {"event": event, **facts}})


class _Lines(logging.Formatter):
    """`facts`, if a record has it, is a dict of what happened."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        facts: dict[str, Any] = getattr(record, "facts", {})
        at = f"{_second(int(record.created))}.{int(record.msecs):03d}Z"
        if self._as_json:
            head = {"at": at, "level": record.levelname, "id": request_id.get(), "text": record.getMessage()}
            return json.dumps({**head, **facts}, ensure_ascii=False)
        told = [f" {name}={_quoted(value)}" for name, value in facts.items() if value not in _NOTHING]
        tail = "".join(told)
        return _plain(f"{at} {record.levelname} {request_id.get()} {record.getMessage()}{tail}")


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


def _quoted(value: object) -> str:
    # No forged facts by a space in a path.
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text else text


def _plain(text: str) -> str:
    # One record, one line, whatever is in it: no forged lines by a newline in a path.
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def set_up(log_format: str, *, with_texts: bool) -> None:
    """Send the bot's log lines to standard error. Called once per process. `with_texts`: of exceptions,
    for a developer."""
    global _with_texts
    _with_texts = with_texts
    # Facts of the record that no line of ours shows, and that cost more than the rest of it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(as_json=log_format == "json"))
    logger = logging.getLogger("bot")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
