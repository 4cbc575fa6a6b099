"""The composition root: build every part from the settings and hand the parts to each other.

The only module that knows all rooms.
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
from bot.chat.delivery.late_answer_worker import LateAnswerWorker
from bot.chat.delivery.late_answers import LateAnswers
from bot.chat.delivery.local_runs import LocalRuns
from bot.chat.delivery.record import Records
from bot.chat.delivery.retry_timing import RetryTiming
from bot.chat.delivery.without_store import WithoutStore
from bot.chat.endpoint import Callback, Endpoint
from bot.chat.erasure import Erasure
from bot.chat.handler import Handlers
from bot.chat.router import Route, Router
from bot.chat.wire.gate import Gate
from bot.chat.wire.seal import Seal
from bot.chat.wording import Wording
from bot.config import CALLBACK_PATH, Config
from bot.errors import StoreError
from bot.jobs.liveness import Liveness
from bot.jobs.outbox import Outbox
from bot.jobs.runner import Runner
from bot.oauth.exchange import Exchange
from bot.oauth.guard import Guard
from bot.oauth.session import Sessions
from bot.oauth.state import States
from bot.oauth.website import Website
from bot.people import open_people
from bot.server import greenlets
from bot.server.application import Application
from bot.server.batched_store import BatchedStore
from bot.server.handler_threads import HandlerThreads
from bot.server.wsgi_bridge import Bridge, Wsgi
from bot.site import application, members_api, operations
from bot.site.page import Site
from bot.store import Clock, Store, open_store
from bot.store.carry_over import carry_over
from bot.store.limits import Limits
from bot.wechat.client import Client
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import Http
from bot.wechat.jssdk import JsSdk
from bot.wechat.oauth_api import OAuthApi
from bot.wechat.tokens import SharedValue, access_tokens, jsapi_tickets

# web.py is in debug mode by default: pages of locals for every error, modules loaded anew on change.
web.config.debug = False

TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True)
class Waiting:
    """How the parts wait, and how many deliveries of this process may wait at the same time. Tests replace
    it."""

    places: int
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = greenlets.sleep
    wake: Callable[[str], None] | None = None  # lets a worker look at a job at once; by default the runner's
    runs: LocalRuns | None = None


@dataclass(frozen=True)
class Base:
    """What both ways stand on: the store, WeChat's API, and the account as handlers see it."""

    config: Config
    clock: Clock
    store: Store
    http: Http
    tokens: SharedValue
    client: Client
    limits: Limits
    account: Account


@dataclass(frozen=True)
class Chat:
    """A message's way, and the jobs of late answers."""

    callback: Callback
    records: Records
    late: LateAnswers
    outbox: Outbox
    runner: Runner
    erasure: Erasure
    threads: HandlerThreads


@dataclass(frozen=True)
class Parts:
    """Everything, built. start() begins the work in the background, close() ends it and gives back threads
    and connections."""

    base: Base
    chat: Chat
    site: Site
    states: States

    def start(self, *, jobs: bool) -> None:
        """Tell other processes that this one is alive, and with `jobs` take jobs. Call it in the process that
        serves, after any fork."""
        self.chat.records.liveness.start()
        if jobs:
            self.chat.runner.start()

    def close(self) -> None:
        """End the work. Waits at most STOP_SECONDS for jobs, and then for a push that is under way."""
        config = self.base.config
        self.chat.runner.stop(config.stop_seconds)
        self.chat.records.liveness.stop(config.api_timeout + 1)
        for part in (self.chat.threads, self.chat.runner, self.base.http, self.base.client, self.base.store):
            part.close()


def build(
    config: Config,
    routes: Sequence[Route],
    wording: Wording,
    clock: Clock = time.time,
    *,
    store: Store | None = None,
    waiting: Waiting | None = None,
) -> Parts:
    """Build all parts. Opens the store (StoreError) and the SMS sender (SmsError: its SDK is not installed),
    and talks to nobody else yet. By default half of the threads may wait, for in a WSGI server each delivery
    that waits holds one."""
    base = build_base(config, clock, store)
    chat = build_chat(base, routes, wording, waiting or Waiting(max(1, config.threads // 2)))
    states = States(base.store, config.secret_key)
    return Parts(base, chat, build_site(base, states), states)


def build_base(config: Config, clock: Clock, store: Store | None) -> Base:
    """Build what both ways stand on."""
    if store is None:
        store = BatchedStore(open_store(config.store_url, clock, app_id=config.app_id))
    http = Http(config.api_timeout)
    tokens = access_tokens(config, store, http, clock)
    at_once = config.threads + config.job_threads  # handlers and jobs, each in a thread of its own
    client = Client(
        Endpoints.of(config), config.app_id, config.app_secret, tokens, config.api_timeout, at_once
    )
    limits = Limits(store)
    account = Account(config, store, client, open_people(config, store, limits, clock))
    return Base(config, clock, store, http, tokens, client, limits, account)


def build_chat(base: Base, routes: Sequence[Route], wording: Wording, waiting: Waiting) -> Chat:
    """Build a message's way: gate, record, router, handler, answer, seal."""
    config, clock, store, account = base.config, base.clock, base.store, base.account
    liveness = Liveness(store)
    outbox = Outbox(store, liveness, clock)
    conversations = Conversations(store)
    erasure = Erasure(conversations, account, outbox)
    threads = HandlerThreads(config.threads)
    handlers = Handlers(Router(routes, conversations), conversations, account, wording, threads, erasure)
    # A record outlives the freshness window on either side of our clock, so that no replay outlives it.
    lifetime = max(900.0, 3.0 * config.freshness_seconds)
    records = Records(store, liveness, lifetime, clock, waiting.monotonic, waiting.sleep)
    worker = LateAnswerWorker(handlers, records, outbox, account)
    runner = Runner(config, outbox, liveness, worker.perform)
    try:
        carry_over(store, config.store_url, config.app_id, config.original_id)
    except StoreError:
        liveness.owe(partial(carry_over, store, config.store_url, config.app_id, config.original_id))
    timing = RetryTiming(config, clock, waiting.monotonic, places=waiting.places)
    wake = waiting.wake or partial(greenlets.soon, runner.wake)
    late = LateAnswers(outbox, wake, timing, wording.still_working)
    runs = waiting.runs or LocalRuns(clock, waiting.monotonic, waiting.sleep)
    answers = WithoutStore(Answerer(handlers, records, late), handlers, records, late, runs)
    gate = Gate(config, clock, store if config.replay_guard else None)
    callback = Callback(gate, answers, Seal(config, clock, conversations, wording.more_hint))
    return Chat(callback, records, late, outbox, runner, erasure, threads)


def build_site(base: Base, states: States) -> Site:
    """Build a visit's way: guard, state, exchange, session; and what pages use."""
    config, clock, store = base.config, base.clock, base.store
    endpoints, people = Endpoints.of(config), base.account.people
    patience = 3 * config.api_timeout
    exchange = Exchange(
        OAuthApi(endpoints, config.app_id, config.app_secret, base.http), store, patience, clock
    )
    days, idle = config.session_days * 86400.0, config.session_idle_days * 86400.0
    sessions = Sessions(store, people.sessions, days, idle, clock)
    guard = Guard(config, endpoints, states, exchange, sessions, base.limits, people.bindings, clock)
    website = None
    if config.login_way in ("website", "embedded"):
        api = OAuthApi(endpoints, config.site_app_id, config.site_app_secret, base.http)
        website = Website(
            config,
            endpoints,
            States(store, config.secret_key, "site-state"),
            Exchange(api, store, patience, clock),
            guard,
            clock,
            STATIC / "wxlogin.css",
        )
    tickets = jsapi_tickets(config, store, partial(_ask_for_ticket, base.client), clock)
    jssdk = JsSdk(config.app_id, tickets, clock)
    return Site(config, guard, website, jssdk, base.account, base.limits, TEMPLATES)


def _ask_for_ticket(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("ticket/getticket", params={"type": "jsapi"})
    return answer


def build_wsgi(parts: Parts, pages: Sequence[application.Path]) -> Wsgi:
    """Build the WSGI application: callback, paths for machines, the operator's pages, static files."""
    own: list[application.Path] = [(CALLBACK_PATH, partial(Endpoint, parts.chat.callback))]
    own += operations.paths(parts.base.store, parts.site) + members_api.paths(parts.site)
    app = application.Application(parts.site, [*own, *pages])
    app.add_processor(application.log_request)
    app.add_processor(application.secure(parts.base.config))
    with_static: Wsgi = WhiteNoise(
        app.wsgifunc(),
        root=str(STATIC),
        prefix="static/",
        max_age=3600,
        add_headers_function=_static_headers,
    )
    return with_static


def _static_headers(headers: Any, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def build_server(parts: Parts, pages: Sequence[application.Path]) -> Application:
    """Build the ASGI application: deliveries run on the loop, everything else in threads."""
    bridge = Bridge(build_wsgi(parts, pages), parts.base.config.threads)
    start = partial(parts.start, jobs=parts.base.config.jobs_in_server)
    return Application(CALLBACK_PATH, parts.chat.callback, bridge, start, parts.close)
