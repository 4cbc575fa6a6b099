"""`python -m bot`: start the server's worker processes and watch them."""

import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from bot.cli.startup import may_start, open_parts
from bot.cli.terminal import complain, say
from bot.config import Config
from bot.server.sockets import adopt, listen_all
from bot.server.supervisor import Supervisor

_IN_FLIGHT_SECONDS = 5.0  # as long as WeChat waits for an answer
_READY_POLL = 0.02
_READY_PATIENCE = 30.0


def serve(reloaded: Sequence[int] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C. Write `bot ready http://…` once requests are answered.

    `reloaded` is given by `serve --reload` (see `bot/cli/reload.py`): the file descriptors of its listening
    sockets, which stay open over a restart. Standard input is then a pipe that shows when that process ends.
    Returns the exit status: 1 if the port is taken or the workers cannot start, 2 if the bot cannot use the
    store at all.
    """
    # built in this process first, so that a fault is reported once and not by every worker
    parts = open_parts()
    if parts is None:
        return 2
    config = parts.base.config
    can_start = may_start(parts)
    parts.close()
    if not can_start:
        return 2
    try:
        sockets = [adopt(one) for one in reloaded or ()] or listen_all(config.listen, config.workers)
    except OSError as error:
        complain(f"cannot listen on {config.listen}: {error.strerror or error}. See LISTEN.")
        return 1
    # A worker stops in this order: running requests, jobs, a push in progress. Add 3 seconds.
    patience = _IN_FLIGHT_SECONDS + config.stop_seconds + config.api_timeout + 3
    supervisor = Supervisor(sockets, _IN_FLIGHT_SECONDS, patience, complain)
    # before any thread exists, because a lock that a thread holds would stay locked in the workers
    supervisor.start()
    threading.Thread(target=_announce, args=(config, supervisor), daemon=True).start()
    return supervisor.watch(lifeline=None if reloaded is None else sys.stdin.fileno())


def _announce(config: Config, supervisor: Supervisor) -> None:
    """Print `bot ready` when the server answers on its own port. Stop the workers if it does not."""
    host, _, port = config.listen.rpartition(":")
    local = "127.0.0.1" if host in ("0.0.0.0", "[::]", "::") else host  # noqa: S104  compared, not bound
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # ignores http_proxy
    end = time.monotonic() + _READY_PATIENCE
    while time.monotonic() < end:
        try:
            with directly.open(f"http://{local}:{port}/healthz", timeout=1):
                say(f"bot ready http://{local}:{port}")
                return
        except (OSError, urllib.error.URLError):
            time.sleep(_READY_POLL)  # the workers do not report that they have begun to serve
    complain("the server does not answer on its own port; see the lines above")
    supervisor.give_up()
