"""`application`, for the server of `python -m bot`. Reads the settings when it is imported; begins to work
when the server does."""

import gc

import handlers
from bot.app import build, build_server
from bot.config import load_config
from bot.telemetry import log

_MOST_WAITING = 1000  # deliveries that wait for a run: on the loop they cost a look at the store now and then
# Objects: thousands belong to the messages under way, and to look at these more often finds nothing. In place
# of Python's 700 it bought a twentieth of the CPU.
_COLLECT_AFTER = 20_000

_config = load_config()
log.set_up(_config.log_format, with_texts=_config.log_error_texts)
application = build_server(
    build(_config, handlers.CHAT, handlers.WORDING, places=_MOST_WAITING), handlers.PAGES
)
gc.freeze()  # all this stays: collections need not look at it again and again
gc.set_threshold(_COLLECT_AFTER)
