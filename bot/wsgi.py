"""`application` for any WSGI server. `python -m bot` uses asgi.py instead.

Importing this module reads the settings and begins the work in the background, so only a server may import
it, in the process that serves.
"""

import atexit
from multiprocessing.util import Finalize

from bot.account_package import load_package
from bot.app import build, build_wsgi
from bot.config import load_config
from bot.telemetry import log

_config = load_config()
log.set_up(_config.log_format, with_texts=_config.log_error_texts, with_requests=_config.log_requests)
_parts = build(_config, load_package(_config.handlers))
_parts.start(jobs=_config.jobs_in_server)
application = build_wsgi(_parts)

# Register with both, because a process of `multiprocessing` does not run atexit. Finalize calls close() once.
_close = Finalize(None, _parts.close, exitpriority=10)
atexit.register(_close)
