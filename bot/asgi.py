"""`application` for the worker processes of `python -m bot`.

Importing this module reads the settings and builds all parts. This module must not begin the work in the
background: `AsgiApplication` does this when the server starts.
"""

import gc

from bot.account_package import load_package
from bot.app import build, build_server
from bot.config import load_config
from bot.telemetry import log

# The number of deliveries of this process that may wait at the same time. Each of them costs little: it has
# no thread, and it reads the store every 0.2 s.
_MOST_WAITING = 1000
# New objects before a garbage collection. Running messages have thousands of objects, none of which can be
# freed. Collecting less often than Python's default (700) saved 5% of the CPU.
_COLLECT_AFTER = 20_000

_config = load_config()
log.set_up(_config.log_format, with_texts=_config.log_error_texts, with_requests=_config.log_requests)
application = build_server(build(_config, load_package(_config.handlers), places=_MOST_WAITING))
gc.freeze()  # the present objects are never freed, so exclude them from collections
gc.set_threshold(_COLLECT_AFTER)
