"""Build the parts of a visit: guard, authorize redirect, code, token, userinfo, session."""

from dataclasses import dataclass

from bot.account import Base
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
from bot.oauth.website import Website
from bot.oauth.website_qr_code import WebsiteQrCode
from bot.wechat.endpoints import Endpoints
from bot.wechat.oauth_api import OAuthApi


@dataclass(frozen=True)
class Visits:
    """The parts of a visit that pages use. `guard` gives a page its visitor, `known_visitors` returns the
    present visitor without a redirect, `sign_in` begins and ends sessions. `website` is the login by a
    website app, or None if LOGIN_WAY does not use it."""

    guard: Guard
    known_visitors: KnownVisitors
    sign_in: SignIn
    website: Website | None


def build_visits(base: Base, states: States) -> Visits:
    """Build the parts. `states` are the states of logins by the account itself, not by a website app."""
    config, clock, store, people = base.config, base.clock, base.store, base.account.people
    endpoints, patience = Endpoints.of(config), 3 * config.api_timeout
    api = OAuthApi(endpoints, config.app_id, config.app_secret, base.http)
    exchange = open_exchange(api, store, patience, clock)
    days, idle = config.session_days * 86400.0, config.session_idle_days * 86400.0
    sessions = Sessions(store, people.sessions, days, idle, clock)
    limit = VisitLimit(base.limits, config.rate_limit)
    known_visitors = KnownVisitors(config, sessions, exchange.profiles, clock)
    redirect = AuthorizeRedirect(config, endpoints, states, limit)
    page_tickets = OnePageTickets(sessions, redirect)
    sign_in = SignIn(sessions, people.bindings, clock)
    state_check = StateCheck(config, states, redirect, limit)
    code_return = CodeReturn(state_check, exchange, sessions, page_tickets, sign_in, redirect)
    guard = Guard(config, known_visitors, page_tickets, redirect, code_return)
    website = None
    if config.login_way in ("website", "embedded"):
        site_api = OAuthApi(endpoints, config.site_app_id, config.site_app_secret, base.http)
        qr_code = WebsiteQrCode(config, endpoints, base.account.static_file("wxlogin.css"))
        site_states = States(store, config.secret_key, "site-state")
        site_exchange = open_exchange(site_api, store, patience, clock)
        website = Website(config, qr_code, site_states, site_exchange, limit, sign_in)
    return Visits(guard, known_visitors, sign_in, website)
