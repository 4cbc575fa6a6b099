"""`python -m bot worker`: a process that runs slow answers, as many machines as are wanted."""

import signal
import threading

from bot.cli.startup import open_parts, settings
from bot.cli.terminal import say
from bot.telemetry import log


def work() -> int:
    """Work until SIGTERM or Ctrl-C. Prints `worker ready` once jobs are taken."""
    config = settings()
    if config is None:
        return 2
    parts = open_parts(config)
    if parts is None:
        return 2
    log.set_up(config.log_format, with_texts=config.log_error_texts)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    parts.start(jobs=True)
    say(f"worker ready, {config.job_threads} at a time")
    stop.wait()
    parts.close()
    return 0
