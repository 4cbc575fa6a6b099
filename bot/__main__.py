"""Run `python -m bot [serve | worker | jobs | forget | check | example-config]`.

This module must not import the modules of other commands: see COMMANDS.
"""

import argparse
import contextlib
import os
import pkgutil
import sys
import tempfile
from typing import Any

from bot import __version__

# Each command with the function that runs it, and its help. A function is imported only when its command is
# given, so that example-config and new work even if the operator's package has a fault.
COMMANDS = {
    "serve": ("bot.cli.serve:serve", "serve (the default)"),
    "check": ("bot.cli.check:check", "check settings, menu, store and account before going live"),
    "example-config": (
        "bot.cli.example_config:example_config",
        "print config.example.py, made from the settings table",
    ),
    "new": ("bot.cli.new:new", "make a package for your own account, with comments in Chinese"),
    "worker": ("bot.cli.worker:work", "run slow answers, and nothing else"),
    "jobs": ("bot.cli.jobs:jobs", "list slow answers that wait, run or failed"),
    "forget": ("bot.cli.forget:forget", "delete what is kept about a person, and end their sessions"),
}

# It runs `serve --reload`, and must not import handlers/: only a new process sees a changed module.
RELOAD = "bot.cli.reload:reload"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line. The options of a command have the names of the parameters of its
    function."""
    whole = argparse.ArgumentParser(prog="python -m bot", description="A WeChat Official Account bot server.")
    whole.add_argument("--version", action="version", version=f"wechat-official-account {__version__}")
    commands = whole.add_subparsers(dest="command")
    parsers = {name: commands.add_parser(name, help=help_) for name, (_, help_) in COMMANDS.items()}
    parsers["new"].add_argument("name", help="its name, such as shop; it is made in the current folder")
    parsers["serve"].add_argument(
        "--reload",
        action="store_true",
        help="for development, not for production: restart the server when a file of the account changes",
    )
    # The process behind --reload starts the server with this option: the sockets that it keeps open.
    parsers["serve"].add_argument("--reloaded", nargs="*", type=int, metavar="FD", help=argparse.SUPPRESS)
    parsers["jobs"].add_argument("--retry", metavar="ID", help="run a failed one again; ALL for all")
    person = parsers["forget"].add_mutually_exclusive_group(required=True)
    person.add_argument("--openid", default="")
    person.add_argument("--phone", default="", help="a number that is bound")
    return whole


def _text(value: Any) -> Any:
    """Return an argument as the text that its bytes are in UTF-8: in the C locale, Python leaves them as
    surrogates, which nothing can store or print."""
    return os.fsencode(value).decode("utf-8", "replace") if isinstance(value, str) else value


def main() -> int:
    """Run the command of `sys.argv` and return its exit status (see `bot/cli/`)."""
    options = {name: _text(value) for name, value in vars(parser().parse_args()).items()}
    command = options.pop("command") or "serve"
    function, _ = COMMANDS[command]
    if options.pop("reload", False):
        function, options = RELOAD, {}
    with contextlib.ExitStack() as stack:
        if command == "serve" and options.get("reloaded") is None:
            # The metrics library reads the folder that the workers share when it is imported.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bot-metrics-"))
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        run = pkgutil.resolve_name(function)
        status: int = run(**options)
    return status


if __name__ == "__main__":
    sys.exit(main())
