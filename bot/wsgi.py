"""`application`, for any WSGI server. Reads the settings when it is imported."""

import handlers
from bot import log
from bot.app import build, wsgi
from bot.config import load_config

_config = load_config()
log.set_up(_config.log_format)
application = wsgi(build(_config, handlers.CHAT, handlers.WORDING), handlers.PAGES)
