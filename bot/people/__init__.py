"""People and their accounts in the company's own system: phone numbers, logins on the PC, open sessions.

Other packages use it through `People`.
"""

from bot.config import Config
from bot.people.bindings import Binding, Bindings
from bot.people.codes import Codes
from bot.people.logins import Login, Logins
from bot.people.open_sessions import OpenSessions
from bot.people.sms import open_sender
from bot.store import Clock, Store
from bot.store.limits import Limits


class People:
    """All data about people.

    `bindings` connect an openid to a phone, `codes` are SMS codes that prove a phone, `logins` are logins on
    the PC by QR code, `sessions` are the open sessions on all devices.
    """

    def __init__(self, bindings: Bindings, codes: Codes, logins: Logins, sessions: OpenSessions) -> None:
        self.bindings = bindings
        self.codes = codes
        self.logins = logins
        self.sessions = sessions

    def forget(self, openid: str) -> None:
        """Delete the binding and the code of a person, and end their sessions on all devices. WeChat requires
        this when a user unsubscribes. Raises StoreError."""
        binding = self.bindings.unbind(openid)
        self.codes.drop(openid)
        self.sessions.end_all(openid, binding.unionid if binding else "")


def open_people(config: Config, store: Store, limits: Limits, clock: Clock) -> People:
    """Build People with all its parts. Raises SmsError if the SDK of SMS_SENDER is not installed."""
    return People(
        Bindings(store, clock),
        Codes(config, store, limits, open_sender(config), clock),
        Logins(store, clock),
        OpenSessions(store, config.session_days * 86400.0),
    )


__all__ = ["Binding", "Bindings", "Login", "Logins", "OpenSessions", "People", "open_people"]
