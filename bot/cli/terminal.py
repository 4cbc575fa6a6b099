"""The output of commands: results go to standard output, problems to standard error.

Every command writes through this module, because a terminal may be unable to show a character, and the reader
of a pipe may be gone. Neither may end a command in the middle of its work.
"""

import os
import sys
from typing import TextIO


def say(text: str = "") -> None:
    """Write a line to standard output at once, also into a pipe."""
    _write(sys.stdout, text + "\n")


def complain(text: str) -> None:
    """Write a line to standard error."""
    _write(sys.stderr, text + "\n")


def ask(question: str) -> bool | None:
    """Ask for a yes on the terminal. Return True after `y` or `yes`, else False.

    Return None without asking if standard input is not a terminal. The question goes to standard error, so
    that it is seen if the output goes into a pipe.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    try:
        _write(sys.stderr, f"{question} [y/N] ")
        answer = sys.stdin.readline()
    except (UnicodeDecodeError, KeyboardInterrupt):
        complain("")
        return False
    return answer.strip().lower() in ("y", "yes")


def _write(stream: TextIO | None, text: str) -> None:
    """Write `text`. A character that the stream's encoding lacks is written as an escape such as
    `\\U0001f600`. Nothing is raised if the stream cannot be written to."""
    if stream is None:  # closed before Python began
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError:  # the reader is gone (`… | head`), or the disk is full
        _discard(stream)


def _discard(stream: TextIO) -> None:
    """Send all further output of `stream` to nowhere, also what Python flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
