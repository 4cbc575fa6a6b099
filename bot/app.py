"""The composition root: build the parts of the bot and connect them.

It is the only module that imports all packages.
"""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import web

from bot.account import Base, build_base
from bot.account_package import AccountPackage
from bot.chat.endpoint import Endpoint
from bot.chat.message_way import MessageWay, Waiting, build_message_way
from bot.config import CALLBACK_PATH, Config
from bot.oauth import browser
from bot.oauth.state import States
from bot.oauth.visits import build_visits
from bot.server import greenlets, running_handlers
from bot.server.application import AsgiApplication
from bot.server.batched_store import BatchedStore
from bot.server.handler_threads import HandlerThreads
from bot.server.wsgi_bridge import AddressOf, Bridge, Wsgi
from bot.site import application, members_api, operations
from bot.site.page import Site
from bot.site.static_files import StaticFiles
from bot.store import Clock, Store, open_store
from bot.wechat.client import Client
from bot.wechat.jssdk import JsSdk
from bot.wechat.tokens import jsapi_tickets

# By default web.py is in debug mode: error pages show local variables, and changed modules are reloaded.
web.config.debug = False


@dataclass(frozen=True)
class Parts:
    """All parts of the bot. start() begins the work in the background, close() ends it."""

    base: Base
    package: AccountPackage
    chat: MessageWay
    site: Site
    states: States

    def start(self, *, jobs: bool) -> None:
        """Begin to renew the lease of this process, and with `jobs` take jobs. Call it in the process that
        serves, after any fork."""
        self.chat.start(jobs=jobs)

    def close(self) -> None:
        """Stop the work, and close all threads and connections. Wait at most STOP_SECONDS for jobs, then for
        a push in progress."""
        config = self.base.config
        self.chat.close(config.stop_seconds, config.api_timeout + 1)
        self.base.close()


def build(
    config: Config,
    package: AccountPackage,
    clock: Clock = time.time,
    *,
    places: int | None = None,
    store: Store | None = None,
    waiting: Waiting | None = None,
) -> Parts:
    """Build all parts for the account that `package` describes. Raises StoreError if the store cannot be
    opened, and SmsError if the SDK of SMS_SENDER is not installed.

    `places` is how many deliveries of this process may wait at the same time: by default half of the
    threads, because in a WSGI server each of them holds a thread. Tests replace `store` and `waiting`.
    """
    if store is None:
        replicas = config.store_replicas
        store = BatchedStore(open_store(config.store_url, clock, app_id=config.app_id, replicas=replicas))
    base = build_base(config, clock, store, package.static)
    states = States(store, config.secret_key)
    places = places or max(1, config.threads // 2)
    waiting = waiting or Waiting(places, sleep=greenlets.sleep, call_soon=greenlets.soon)
    chat = build_chat(base, package, waiting)
    return Parts(base, package, chat, build_site(base, package, states), states)


def build_chat(base: Base, package: AccountPackage, waiting: Waiting) -> MessageWay:
    """Build the message's way. Handlers run in threads, or on the loop if their route is inline."""
    threads = HandlerThreads(base.config.handler_threads, running_handlers.of_this_process())
    return build_message_way(base, package.chat, package.wording, threads, waiting)


def build_site(base: Base, package: AccountPackage, states: States) -> Site:
    """Build the parts that pages use: visits, the JS-SDK, templates."""
    config = base.config
    tickets = jsapi_tickets(config, base.store, partial(_ask_for_ticket, base.client), base.clock)
    jssdk = JsSdk(config.app_id, tickets, base.clock)
    return Site(config, build_visits(base, states), jssdk, base.account, base.limits, package.templates)


def _ask_for_ticket(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("ticket/getticket", params={"type": "jsapi"})
    return answer


def build_wsgi(parts: Parts) -> Wsgi:
    """Build the WSGI application: callback, paths for machines, the operator's pages, static files."""
    own: list[application.Path] = [(CALLBACK_PATH, partial(Endpoint, parts.chat.callback))]
    own += operations.paths(parts.base.store, parts.site) + members_api.paths(parts.site)
    app = application.WebApplication(parts.site, [*own, *parts.package.pages])
    app.add_processor(application.log_requests(_address_of(parts.base.config)))
    app.add_processor(application.secure(parts.base.config))
    seconds = parts.base.config.static_seconds
    with_static = StaticFiles(app.wsgifunc(), max_age=seconds, add_headers_function=_static_headers)
    for folder in reversed(parts.package.static):  # of two files of one name, the one added last is served
        with_static.add_files(str(folder), prefix="static/")
    whole: Wsgi = with_static
    return whole


def _static_headers(headers: Any, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def build_server(parts: Parts) -> AsgiApplication:
    """Build the ASGI application: deliveries run on the loop, everything else in threads."""
    config = parts.base.config
    address_of = _address_of(config)
    bridge = Bridge(build_wsgi(parts), config.threads, address_of)
    start = partial(parts.start, jobs=config.jobs_in_server)
    return AsgiApplication(CALLBACK_PATH, parts.chat.callback, bridge, address_of, start, parts.close)


def _address_of(config: Config) -> AddressOf:
    return partial(browser.address, trusted=config.trusted_proxies)
