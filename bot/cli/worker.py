"""`python -m bot worker`: a process that only runs slow answers. Any number may run, on several machines."""

import signal
import threading

from bot.cli.startup import may_start, open_parts
from bot.cli.terminal import say
from bot.telemetry import log


def work() -> int:
    """Run jobs until SIGTERM or Ctrl-C. Print `worker ready` when jobs are taken. Return the exit status."""
    parts = open_parts()
    if parts is None:
        return 2
    if not may_start(parts):
        parts.close()
        return 2
    config = parts.base.config
    log.set_up(config.log_format, with_texts=config.log_error_texts)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    parts.start(jobs=True)
    say(f"worker ready, {config.job_threads} at a time")
    stop.wait()
    parts.close()
    return 0
