"""Run the peer of bench/home_page.py on our server: `python -m home_page_server PORT THREADS`

Runs in the peer's venv, in one process. Uses the parts of `python -m bot` that serve pages: uvicorn with the
options of bot/server/supervisor.py, the HTTP class of bot/server/request_limits.py, and
bot/server/wsgi_bridge.py.
"""

import sys

import uvicorn
from home_page_peer import app

from bot.server.request_limits import LimitedHttpProtocol
from bot.server.wsgi_bridge import Bridge

if __name__ == "__main__":
    port, threads = (int(argument) for argument in sys.argv[1:])
    uvicorn.run(
        Bridge(app, threads, lambda environ: str(environ["REMOTE_ADDR"])),
        port=port,
        http=LimitedHttpProtocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
    )
