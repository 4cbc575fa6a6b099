"""The composition root: builds every part from the settings and hands them to each other.

The only module that sees all packages.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import web
from whitenoise import WhiteNoise

from bot.account import STATIC, Account
from bot.chat.conversation import Conversations
from bot.chat.delivery.answer import Answerer
from bot.chat.delivery.late_answer_worker import Performer
from bot.chat.delivery.late_answers import Late
from bot.chat.delivery.record import Dedup
from bot.chat.delivery.without_store import Alone
from bot.chat.endpoint import Callback, Endpoint
from bot.chat.erasure import Forget
from bot.chat.handler import Handle
from bot.chat.router import Route, Router
from bot.chat.wire.gate import Gate
from bot.chat.wire.seal import Seal
from bot.chat.wording import Wording
from bot.config import Config
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.jobs.runner import Runner
from bot.oauth.authorize_redirect import AuthorizeRedirect
from bot.oauth.code_return import CodeReturn
from bot.oauth.exchange import open_exchange
from bot.oauth.guard import Guard
from bot.oauth.known_visitor import KnownVisitors
from bot.oauth.one_page_ticket import OnePageTickets
from bot.oauth.session import Sessions
from bot.oauth.sign_in import SignIn
from bot.oauth.state import States
from bot.oauth.state_check import StateCheck
from bot.oauth.visit_limit import VisitLimit
from bot.oauth.visits import Visits
from bot.oauth.website import Website
from bot.oauth.website_qr_code import WebsiteQrCode
from bot.people import open_people
from bot.server import greenlets
from bot.server.application import Application
from bot.server.batched_store import Grouped
from bot.server.handler_threads import Pace
from bot.server.wsgi_bridge import Bridge, Wsgi
from bot.site import application, members_api, operations
from bot.site.page import Site
from bot.store import Clock, Store, open_store
from bot.store.limits import Limits
from bot.wechat.client import Client
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import Http
from bot.wechat.jssdk import JsSdk
from bot.wechat.oauth_api import OAuthApi
from bot.wechat.tokens import Shared, access_tokens, jsapi_tickets

# web.py is in debug mode by default: pages of locals for every error, modules loaded anew on change.
web.config.debug = False

TEMPLATES = Path(__file__).parents[1] / "templates"

CALLBACK = "/wechat"


@dataclass(frozen=True)
class Parts:
    """Everything, built. `start()` begins the work in the background, `close()` ends it and gives back
    threads and connections."""

    config: Config
    store: Store
    tokens: Shared
    client: Client
    states: States
    outbox: Outbox
    forget: Forget
    callback: Callback
    site: Site
    liveness: Liveness
    runner: Runner
    closers: tuple[Callable[[], None], ...]

    def start(self, *, jobs: bool) -> None:
        """Be alive in the eyes of other processes, and with `jobs` take their jobs. Call it in the process
        that serves, after any fork."""
        self.liveness.start()
        if jobs:
            self.runner.start()

    def close(self) -> None:
        self.runner.stop(self.config.stop_seconds)
        self.liveness.stop(self.config.api_timeout + 1)  # a push under way
        for closer in self.closers:
            closer()


def build(
    config: Config,
    chat: Sequence[Route],
    wording: Wording,
    clock: Clock = time.time,
    *,
    waiting: int | None = None,
) -> Parts:
    """Build the parts. Opens the store (StoreError) and the SMS sender (SmsError: its SDK is not installed);
    talks to nobody else yet. `waiting` is how many deliveries may wait for a run at the same time; by
    default half of the threads, for where each of them holds one."""
    store = Grouped(open_store(config.store_url, clock))
    endpoints = Endpoints.of(config)
    http = Http(config.api_timeout)
    tokens = access_tokens(config, store, http, clock)
    # Handlers and jobs call it, each from a thread.
    at_once = config.threads + config.job_threads
    client = Client(endpoints, config.app_id, config.app_secret, tokens, config.api_timeout, at_once)
    tickets = jsapi_tickets(
        config, store, lambda: client.get("ticket/getticket", params={"type": "jsapi"}), clock
    )
    limits = Limits(store)
    people = open_people(config, store, limits, clock)
    account = Account(config, store, client, people)

    liveness = Liveness(store)
    outbox = Outbox(store, liveness, clock)
    conversations = Conversations(store)
    pace = Pace(config.threads)
    router = Router(chat, conversations)
    forget = Forget(conversations, account, outbox)
    handle = Handle(conversations, account, wording, pace, router.answers, forget)
    # A record outlives the freshness window on either side of our clock, so that no replay outlives it.
    dedup = Dedup(store, liveness, max(900.0, 3.0 * config.freshness_seconds), clock, sleep=greenlets.sleep)
    performer = Performer(
        account,
        router,
        handle,
        dedup,
        conversations,
        outbox,
        push=config.can_push,
        text_limit=config.text_limit_bytes,
    )
    runner = Runner(config.store_url, outbox, liveness, performer.perform, config.job_threads)
    late = Late(outbox, partial(greenlets.soon, runner.wake), push=config.can_push)
    alone = Alone(clock, sleep=greenlets.sleep)
    answerer = Answerer(
        config,
        router,
        dedup,
        handle,
        conversations,
        late,
        liveness,
        alone,
        wording,
        clock,
        waiting=waiting or max(1, config.threads // 2),
    )
    gate = Gate(config, clock, store if config.replay_guard else None)
    callback = Callback(gate, answerer, Seal(config, clock))

    states = States(store, config.secret_key)
    patience = 3 * config.api_timeout
    oauth_api = OAuthApi(endpoints, config.app_id, config.app_secret, http)
    exchange = open_exchange(oauth_api, store, patience, clock)
    sessions = Sessions(
        store,
        people.sessions,
        config.session_days * 86400.0,
        config.session_idle_days * 86400.0,
        clock,
    )
    visit_limit = VisitLimit(limits, config.rate_limit)
    known_visitors = KnownVisitors(config, sessions, exchange.profiles, clock)
    authorize_redirect = AuthorizeRedirect(config, endpoints, states, visit_limit)
    page_tickets = OnePageTickets(sessions, authorize_redirect)
    state_check = StateCheck(config, states, authorize_redirect, visit_limit)
    sign_in = SignIn(sessions, people.bindings, clock)
    code_return = CodeReturn(state_check, exchange, sessions, page_tickets, sign_in, authorize_redirect)
    guard = Guard(config, known_visitors, page_tickets, authorize_redirect, code_return)
    website = None
    if config.login_way in ("website", "embedded"):
        site_api = OAuthApi(endpoints, config.site_app_id, config.site_app_secret, http)
        website = Website(
            config,
            WebsiteQrCode(config, endpoints, STATIC / "wxlogin.css"),
            States(store, config.secret_key, "site-state"),
            open_exchange(site_api, store, patience, clock),
            visit_limit,
            sign_in,
        )
    visits = Visits(guard, known_visitors, sign_in, website)
    site = Site(config, visits, JsSdk(config.app_id, tickets, clock), account, limits, TEMPLATES)
    closers = (pace.close, runner.close, http.close, client.close, store.close)
    return Parts(
        config, store, tokens, client, states, outbox, forget, callback, site, liveness, runner, closers
    )


def _static_headers(headers: Any, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def wsgi(parts: Parts, pages: Sequence[tuple[str, type]]) -> Wsgi:
    """The WSGI application: callback, machine paths, the operator's pages, static files."""
    paths = ((CALLBACK, Endpoint), *operations.PATHS, *members_api.PATHS, *pages)
    app = application.Application(parts.site, paths)
    app.add_processor(application.identify(parts))
    app.add_processor(application.secure(parts.config))
    with_static: Wsgi = WhiteNoise(
        app.wsgifunc(),
        root=str(STATIC),
        prefix="static/",
        max_age=3600,
        add_headers_function=_static_headers,
    )
    return with_static


def asgi(parts: Parts, pages: Sequence[tuple[str, type]]) -> Application:
    """The same for a server with a loop, on which deliveries run."""
    bridge = Bridge(wsgi(parts, pages), parts.config.threads)
    start = partial(parts.start, jobs=parts.config.jobs_in_server)
    return Application(CALLBACK, parts.callback, bridge, start, parts.close)
