"""`application` for any WSGI server. `python -m bot` uses asgi.py instead.

Importing this module reads the settings and begins the work in the background, so only a server may import
it, in the process that serves.
"""

import atexit
from multiprocessing.util import Finalize

import handlers
from bot.app import build, build_wsgi
from bot.chat.route_check import review
from bot.config import load_config
from bot.telemetry import log

_config = load_config()
log.set_up(_config.log_format, with_texts=_config.log_error_texts, with_requests=_config.log_requests)
review(handlers.CHAT, handlers.PAGES)
_parts = build(_config, handlers.CHAT, handlers.WORDING)
_parts.start(jobs=_config.jobs_in_server)
application = build_wsgi(_parts, handlers.PAGES)

# Register with both, because a process of `multiprocessing` does not run atexit. Finalize calls close() once.
_close = Finalize(None, _parts.close, exitpriority=10)
atexit.register(_close)
