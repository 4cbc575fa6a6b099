"""`application` for the worker processes of `python -m bot`.

Importing this module reads the settings and builds all parts. It must not begin the work in the background:
the application does when the server starts (`AsgiApplication`).
"""

import gc

import handlers
from bot.app import build, build_server
from bot.config import load_config
from bot.telemetry import log

# Deliveries of one process that may wait. On the loop each costs only a read of the store now and then.
_MOST_WAITING = 1000
# New objects before a garbage collection. The messages under way have thousands of objects that are in use.
# Collecting less often than Python does (after 700) saved a twentieth of the CPU.
_COLLECT_AFTER = 20_000

_config = load_config()
log.set_up(_config.log_format, with_texts=_config.log_error_texts)
application = build_server(
    build(_config, handlers.CHAT, handlers.WORDING, places=_MOST_WAITING), handlers.PAGES
)
gc.freeze()  # what exists now stays: no collection needs to look at it
gc.set_threshold(_COLLECT_AFTER)
