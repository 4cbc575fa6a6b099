"""A guard: one message must not cost much more than it did. CPU in this process, against the CPU of work that
is always the same, so that the speed of the machine cancels out; the quietest of many rounds, so that noise
does. Figures proper: docs/performance.md."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

from bench.in_process import InProcess

# Messages as units of _yardstick(), in safe mode on SQLite: what it was when this was written.
_RECORDED = 19.0
_MARGIN = 1.6


def _yardstick() -> float:
    """CPU microseconds of some work in Python and C, of the kind that a message is made of."""
    spent = []
    for _ in range(20):
        begun = time.process_time()
        for _ in range(100):
            fields = {f"name{n}": f"text {n}".encode() for n in range(12)}
            text = "".join(f"<{name}>{value.decode()}</{name}>" for name, value in sorted(fields.items()))
            assert hashlib.sha256(text.encode()).hexdigest() not in fields
        spent.append((time.process_time() - begun) / 100 * 1e6)
    return min(spent)


def test_a_message_costs_no_more_than_it_did() -> None:
    bot = InProcess("safe")
    try:
        with ThreadPoolExecutor(1) as pool:  # its loop: the browser tests keep one in this thread
            cost = pool.submit(bot.cpu_us).result() / _yardstick()
    finally:
        bot.close()
    assert cost < _RECORDED * _MARGIN, (
        f"a message costs {cost:.1f} yardsticks, {_RECORDED} when recorded: see python -m bench.steps"
    )
    assert cost > _RECORDED / _MARGIN, "far cheaper than recorded: record it anew"
