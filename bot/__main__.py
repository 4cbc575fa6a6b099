"""python -m bot [serve | check | example-config]"""

import argparse
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

from bot.commands import check, complain, open_parts, say, settings
from bot.config import Config, example

_READY_POLL = 0.02
_READY_PATIENCE = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="A WeChat Official Account bot server."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve (the default)")
    commands.add_parser("check", help="check settings, menu, store and account before going live")
    commands.add_parser("example-config", help="print config.example.py, made from the settings table")
    command = parser.parse_args().command or "serve"
    if command == "check":
        return check()
    if command == "example-config":
        print(example(), end="")
        return 0
    return serve()


def serve() -> int:
    """Serve until SIGTERM or Ctrl-C. Prints `bot ready http://…` once requests are answered."""
    config = settings()
    if config is None:
        return 2
    parts = open_parts(config)  # here, so that a fault is said once and plainly, not by every worker
    if parts is None:
        return 2
    parts.close()
    from granian import Granian  # only for serving: the other commands start faster without it
    from granian.constants import Interfaces
    from granian.errors import ConfigurationError

    host, _, port = config.listen.rpartition(":")
    server = Granian(
        "bot.wsgi:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=config.workers,
        blocking_threads=config.threads,
        # Beyond this many requests in hand, new connections wait in the kernel.
        backpressure=4 * config.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level="error",  # type: ignore[arg-type]  # a str enum; its text is what the API documents
    )
    threading.Thread(target=_announce, args=(config,), daemon=True).start()
    try:
        server.serve()
    except (ConfigurationError, OSError, RuntimeError) as error:
        complain(f"cannot listen on {config.listen}: {error}. See LISTEN.")
        return 1
    return 0


def _announce(config: Config) -> None:
    host, _, port = config.listen.rpartition(":")
    local = "127.0.0.1" if host in ("0.0.0.0", "[::]", "::") else host  # noqa: S104  compared, not bound
    end = time.monotonic() + _READY_PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://{local}:{port}/healthz", timeout=1):
                say(f"bot ready http://{local}:{port}")
                return
        except (OSError, urllib.error.URLError):
            time.sleep(_READY_POLL)
    complain("the server does not answer on its own port; see the lines above")
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
