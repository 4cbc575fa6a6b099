"""The output of commands: results go to standard output, problems to standard error."""

import sys


def say(text: str = "") -> None:
    """Write a line to standard output at once, also into a pipe."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Write a line to standard error."""
    print(text, file=sys.stderr, flush=True)
