"""The peer of bench/home_page.py on our server, in the peer's venv: `python -m home_page_server PORT THREADS`

The parts of `python -m bot` that serve pages: uvicorn, set up as by bot/server/supervisor.py, our HTTP
and our bridge for WSGI, in one process.
"""

import sys

import uvicorn
from home_page_peer import app

from bot.server.request_limits import LimitedHttpProtocol
from bot.server.wsgi_bridge import Bridge

if __name__ == "__main__":
    port, threads = (int(argument) for argument in sys.argv[1:])
    uvicorn.run(
        Bridge(app, threads),
        port=port,
        http=LimitedHttpProtocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
    )
