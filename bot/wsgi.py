"""`application`, for any WSGI server. Reads the settings when it is imported, and begins to work."""

import atexit
from multiprocessing.util import Finalize

import handlers
from bot.app import build, build_wsgi
from bot.chat.route_check import review
from bot.config import load_config
from bot.telemetry import log

_config = load_config()
log.set_up(_config.log_format, with_texts=_config.log_error_texts)
review(handlers.CHAT, handlers.PAGES)
_parts = build(_config, handlers.CHAT, handlers.WORDING)
_parts.start(jobs=_config.jobs_in_server)
application = build_wsgi(_parts, handlers.PAGES)

# Whoever ends first: servers whose workers are processes of `multiprocessing` do not run atexit.
_close = Finalize(None, _parts.close, exitpriority=10)
atexit.register(_close)
