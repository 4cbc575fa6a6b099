"""The parts of a visit that pages use, in one record. It has no behaviour of its own."""

from dataclasses import dataclass

from bot.oauth.guard import Guard
from bot.oauth.known_visitor import KnownVisitors
from bot.oauth.sign_in import SignIn
from bot.oauth.website import Website


@dataclass(frozen=True)
class Visits:
    """`guard` gives a page its visitor, `known_visitors` tells who is here and sends nobody away, `sign_in`
    begins and ends sessions. `website` is the login by a website app; None unless LOGIN_WAY asks for it."""

    guard: Guard
    known_visitors: KnownVisitors
    sign_in: SignIn
    website: Website | None
