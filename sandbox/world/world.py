"""The whole state of the sandbox, put together, and its way back to the start."""

import hashlib
import time
from collections.abc import Iterable

from sandbox.account import Account, Behaviour
from sandbox.clock import Clock
from sandbox.world.bus import Bus
from sandbox.world.chat import Chat, ChatMessage
from sandbox.world.faults import Faults
from sandbox.world.journal import Journal
from sandbox.world.media import MediaStore
from sandbox.world.menu import Button, Menu
from sandbox.world.oauth import OAuth
from sandbox.world.qrcodes import QrCodes
from sandbox.world.tokens import AccessTokens, JsapiTickets
from sandbox.world.typing import Typing
from sandbox.world.users import User, Users
from sandbox.world.windows import Windows

FIRST_USERS = ("小明", "小红")


class World:
    """Parts are replaced by `reset`, so nobody keeps one: always go through the world.

    The console's settings (callback, web domains) outlive a reset, as they outlive everything else at WeChat.
    """

    def __init__(self, account: Account, behaviour: Behaviour, base_url: str) -> None:
        self.account = account
        self.behaviour = behaviour
        self.base_url = base_url
        self.clock = Clock()
        self.bus = Bus()
        self.callback: str | None = None
        self.callback_ok = False
        self.web_domains: tuple[str, ...] = account.web_domains
        self._last_number = 0
        self._start_menu: list[Button] | None = None
        self._start_followers: frozenset[str] = frozenset()
        self._begin()

    def _begin(self) -> None:
        self.clock.reset()
        self.users = Users(self.account.app_id, self.base_url)
        self.chats: dict[str, Chat] = {}
        self.menu: Menu | None = None
        self.tokens = AccessTokens(self.clock)
        self.tickets = JsapiTickets(self.clock)
        self.media = MediaStore(self.clock)
        self.qrcodes = QrCodes(self.clock)
        self.oauth = OAuth(self.clock)
        self.windows = Windows(self.clock)
        self.typing = Typing(self.clock, self.bus)
        self.faults = Faults()
        self.calls = Journal("call", self.bus)
        self.deliveries = Journal("delivery", self.bus)
        self.quota_clears: list[float] = []
        self.cookie_jars: dict[str, dict[str, str]] = {}
        for nickname in FIRST_USERS:
            user = self.users.add(nickname)
            if user.openid in self._start_followers:
                user.follow(self.clock.seconds(), "ADD_SCENE_SEARCH")
        if self._start_menu is not None:
            self.menu = Menu(self._start_menu, self.new_number())

    def reset(self) -> None:
        """Back to the start: as `keep_as_start` left it, or else two strangers and no menu."""
        self._begin()
        self.bus.publish("reset", {})

    def keep_as_start(self) -> None:
        """Makes the menu and the followers of now part of every later start."""
        self._start_menu = self.menu.buttons if self.menu else None
        self._start_followers = frozenset(user.openid for user in self.users.followers())

    def chat(self, openid: str) -> Chat:
        if openid not in self.chats:

            def publish(message: ChatMessage) -> None:
                self.bus.publish("message", {"openid": openid, "message": message.to_json()})

            self.chats[openid] = Chat(self.clock, publish)
        return self.chats[openid]

    def publish_user(self, user: User) -> None:
        self.bus.publish("user", user.to_json())

    def set_menu(self, buttons: Iterable[Button] | None) -> None:
        """Installs a checked menu, or removes it with None."""
        self.menu = None if buttons is None else Menu(list(buttons), self.new_number())
        self.bus.publish("menu", {"menu": self.menu.to_json() if self.menu else None})

    @property
    def verify_file(self) -> str:
        """The file that proves a web domain to be the account's own (protocol §6.1)."""
        return f"MP_verify_{self.verify_text}.txt"

    @property
    def verify_text(self) -> str:
        return hashlib.sha256(self.account.app_id.encode()).hexdigest()[:16]

    def set_callback(self, url: str | None, ok: bool) -> None:
        self.callback, self.callback_ok = url, ok
        self.bus.publish("callback", {"callback": url, "callback_ok": ok})

    def new_number(self) -> int:
        """A number that no message or menu of this or an earlier run has had (17 digits, as MsgId)."""
        self._last_number = max(self._last_number + 1, time.time_ns() // 100)
        return self._last_number
