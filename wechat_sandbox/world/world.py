"""Combine all state of the sandbox in one object, which can be reset to the start."""

import hashlib
import secrets
import time
from collections.abc import Iterable, Sequence

from wechat_sandbox.account import Account
from wechat_sandbox.behaviour import Behaviour
from wechat_sandbox.clock import Clock
from wechat_sandbox.world.agents import Agents
from wechat_sandbox.world.chat import Chat, ChatMessage
from wechat_sandbox.world.events import Bus
from wechat_sandbox.world.faults import Fault, Faults
from wechat_sandbox.world.journal import Journal
from wechat_sandbox.world.logins import Logins
from wechat_sandbox.world.media import MediaStore
from wechat_sandbox.world.menu import Button, Menu, Menus
from wechat_sandbox.world.notices import Notices
from wechat_sandbox.world.oauth import OAuth
from wechat_sandbox.world.push_windows import Windows
from wechat_sandbox.world.qrcodes import QrCodes
from wechat_sandbox.world.quotas import Quotas
from wechat_sandbox.world.recorder import Recorder
from wechat_sandbox.world.shares_and_sms import Social
from wechat_sandbox.world.short_keys import ShortKeys
from wechat_sandbox.world.tags import Tags
from wechat_sandbox.world.templates import Templates
from wechat_sandbox.world.tokens import AccessTokens, JsapiTickets
from wechat_sandbox.world.typing import Typing
from wechat_sandbox.world.users import User, Users

FIRST_USERS = ("小明", "小红")
_MENUIDS_BEGAN = 1_600_000_000  # the number of seconds since this time has nine digits
# Seconds for which the events of a user have the same CreateTime under `same_second`.
_SAME_SECOND = 60


class World:
    """The whole state of the sandbox.

    `reset` replaces the parts, so do not keep a reference to a part: read it from the world each time. A
    changed setting replaces `account` or `behaviour` as a whole.

    The callback survives a reset. So do the last access tokens, the last ticket and temporary media, because
    the account's server does not know of the reset and still uses them.
    """

    def __init__(
        self, account: Account, behaviour: Behaviour, base_url: str, faults: Sequence[Fault] = ()
    ) -> None:
        self.base_url = base_url
        # a restart changes this value; the ids of chat messages then start at 1 again
        self.run = secrets.token_hex(6)
        self.clock = Clock()
        self.bus = Bus()
        self.callback: str | None = None
        self.callback_ok = False
        self._last_number = 0
        self._last_menuid = 0
        self._start = (account, behaviour)
        self._start_faults = list(faults)
        self._start_menu: list[Button] | None = None
        self._start_conditional: list[Menu] = []
        self._start_followers: frozenset[str] = frozenset()
        self.tokens = AccessTokens(self.clock)
        self.tickets = JsapiTickets(self.clock)
        self.media = MediaStore(self.clock)
        self._begin()

    def _begin(self) -> None:
        self.clock.reset()
        self.account, self.behaviour = self._start
        self.users = Users(self.account.app_id, self.account.site_app_id, self.base_url)
        self.tags = Tags()
        self.chats: dict[str, Chat] = {}
        self.menus = Menus(self.clock)
        self.quotas = Quotas(self.clock)
        self.qrcodes = QrCodes(self.clock)
        self.shortkeys = ShortKeys(self.clock)
        self.oauth = OAuth(self.clock)
        self.logins = Logins(self.clock, self.bus)
        self.windows = Windows(self.clock)
        self.agents = Agents()
        self.templates = Templates(self.clock)
        self.notices = Notices()
        self.typing = Typing(self.clock, self.bus)
        self.social = Social(self.clock, self.bus)
        self.faults = Faults(self._start_faults, self._publish_faults)
        self.recorder = Recorder()
        self.calls = Journal("call", self.bus, lambda entry: self.recorder.call(entry))
        self.deliveries = Journal("delivery", self.bus)
        self.cookie_jars: dict[str, dict[str, str]] = {}
        self._last_msg_id: tuple[str, int] | None = None
        self._event_times: dict[str, int] = {}
        for nickname in FIRST_USERS:
            user = self.users.add(nickname)
            if user.openid in self._start_followers:
                user.follow(self.clock.seconds(), "ADD_SCENE_SEARCH")
        if self._start_menu is not None:
            self.menus.create(Menu(self._start_menu, self.new_menuid()))
            self.menus.conditional = list(self._start_conditional)

    def reset(self) -> None:
        """Reset the sandbox to its start. Restore the menus and the followers that `keep_as_start` stored. If
        it was not called, there is no menu and no follower."""
        self.logins.close()
        self._begin()
        self.tokens.begin_anew()
        self.tickets.begin_anew()
        self.media.begin_anew()
        self.bus.publish("reset", {})

    def keep_as_start(self) -> None:
        """Store the present menus and followers as part of the start, for later resets."""
        self.keep_menu_as_start()
        self._start_followers = frozenset(user.openid for user in self.users.followers())

    def keep_menu_as_start(self) -> None:
        """Store the present menus as part of the start, for later resets."""
        self._start_menu = self.menus.default.buttons if self.menus.default else None
        self._start_conditional = list(self.menus.conditional)

    def chat(self, openid: str) -> Chat:
        """Return the chat of a user. Creates it the first time."""
        if openid not in self.chats:

            def publish(message: ChatMessage) -> None:
                self.recorder.message(openid, message)
                self.bus.publish("message", {"openid": openid, "message": message.to_json()})

            self.chats[openid] = Chat(self.clock, publish)
        return self.chats[openid]

    def publish_user(self, user: User) -> None:
        self.bus.publish("user", user.to_json())

    def set_menu(self, buttons: Iterable[Button]) -> None:
        """Install a default menu. The buttons must have been checked."""
        self.menus.create(Menu(list(buttons), self.new_menuid()))
        self.publish_menu()

    def set_console_menu(self, buttons: Iterable[Button], is_open: bool) -> None:
        """Type a menu into the console, in place of all menus. The buttons must have been checked."""
        self.menus.set_in_console(Menu(list(buttons), self.new_menuid()), is_open)
        self.publish_menu()

    def publish_menu(self) -> None:
        menu = (self.menus.default or self.menus.console) if self.menus.is_open else None
        self.bus.publish("menu", {"menu": menu.to_json() if menu else None})

    def phone_menu(self, user: User) -> Menu | None:
        """Return the menu that this user's phone shows now (rules 23 and 24)."""
        return self.menus.on_phone(user, self.behaviour.enforce_menu_cache)

    def set_faults(self, faults: Iterable[Fault]) -> None:
        self.faults = Faults(list(faults), self._publish_faults)
        self._publish_faults(self.faults)

    def _publish_faults(self, faults: Faults) -> None:
        self.bus.publish("faults", faults.to_json())

    @property
    def verify_file(self) -> str:
        """Return the name of the MP_verify file, which proves that the account owns a web domain (protocol
        §6.1)."""
        return f"MP_verify_{self.verify_text}.txt"

    @property
    def verify_text(self) -> str:
        """Return the content of the MP_verify file."""
        return hashlib.sha256(self.account.app_id.encode()).hexdigest()[:16]

    def set_callback(self, url: str | None, ok: bool) -> None:
        self.callback, self.callback_ok = url, ok
        self.bus.publish("callback", {"callback": url, "callback_ok": ok})

    def new_number(self) -> int:
        """Return a new number of 17 digits, for a MsgId. No message of this or an earlier run has it."""
        self._last_number = max(self._last_number + 1, time.time_ns() // 100)
        return self._last_number

    def new_menuid(self) -> int:
        """Return a new number for a menu. No menu of this or an earlier run has it.

        It has 9 digits, so every JSON reader keeps it exactly.
        """
        self._last_menuid = max(self._last_menuid + 1, int(time.time()) - _MENUIDS_BEGAN)
        return self._last_menuid

    def new_msg_id(self, openid: str) -> int:
        """Return the MsgId for the next message of a user.

        With `equal_msg_ids` on, the next message of another user gets the same MsgId (rule 12).
        """
        if self.behaviour.equal_msg_ids and self._last_msg_id is not None and self._last_msg_id[0] != openid:
            number, self._last_msg_id = self._last_msg_id[1], None
            return number
        number = self.new_number()
        self._last_msg_id = (openid, number)
        return number

    def new_event_time(self, openid: str) -> int:
        """Return a CreateTime that no earlier event of the user has had."""
        self._event_times[openid] = max(self.clock.seconds(), self._event_times.get(openid, 0) + 1)
        return self._event_times[openid]

    def event_time(self, openid: str) -> int:
        """Return the CreateTime of an event.

        With `same_second` on, all events of a user within a minute have the same CreateTime (rule 12).
        """
        now = self.clock.seconds()
        last = self._event_times.get(openid)
        if self.behaviour.same_second and last is not None and now - last < _SAME_SECOND:
            return last
        self._event_times[openid] = now
        return now
