"""Control calls for a user's phone apart from the chat: menu, number, preferences, shares, SMS, logins."""

import re
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import urlsplit

from aiohttp import web

from wechat_sandbox.control.responses import Handler, answer
from wechat_sandbox.json_fields import BadRequest, read_fields
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.push.request import with_query
from wechat_sandbox.user_actions import logins
from wechat_sandbox.user_actions.actor import Actor
from wechat_sandbox.web.one_time import Decision, decide
from wechat_sandbox.world.logins import Login
from wechat_sandbox.world.shares_and_sms import Share
from wechat_sandbox.world.users import Platform, User
from wechat_sandbox.world.world import World

TIMELINE = "timeline"
_NUMBER = re.compile(r"\+?[0-9]{5,15}")


class PhonesControl:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        user = "/_sandbox/users/{openid}"
        app.router.add_get(f"{user}/menu", self.menu)
        app.router.add_put(f"{user}/phone", self.phone)
        app.router.add_put(f"{user}/preferences", self.preferences)
        app.router.add_get(f"{user}/inbox", self.inbox)
        app.router.add_post(f"{user}/share", self.share)
        app.router.add_post(f"{user}/login/scan", self.login(logins.scan))
        app.router.add_post(f"{user}/login/confirm", self.login(logins.confirm))
        app.router.add_post(f"{user}/login/cancel", self.login(logins.cancel))
        app.router.add_post(f"{user}/subscribemsg", self.subscribemsg)
        app.router.add_post("/_sandbox/sms", self.sms)
        app.router.add_get("/_sandbox/sms", self.all_sms)

    async def menu(self, request: web.Request) -> web.Response:
        """Return the menu that this phone shows, and the seconds until the phone loads a newer menu (0: its
        menu is current)."""
        user = self._user(request)
        menu = self._world.phone_menu(user)
        shown = menu.to_json() if menu else {"button": []}
        return answer({**shown, "stale_seconds": self._world.menus.stale_seconds(user)})

    async def phone(self, request: web.Request) -> web.Response:
        user, fields = self._user(request), await read_fields(request)
        phone = fields.text("phone")
        fields.done()
        if phone and not _NUMBER.fullmatch(phone):
            raise BadRequest(f"phone: must be a number such as +8613800138000, or empty; got {phone!r}")
        user.phone = phone
        self._world.publish_user(user)
        return answer({"ok": True})

    async def preferences(self, request: web.Request) -> web.Response:
        """Set the preferences of a phone.

        `blocks_templates` true switches template messages off. Conditional menus may depend on `platform`.
        menu/trymatch finds a user by `wechat_id`, too.
        """
        user, fields = self._user(request), await read_fields(request)
        blocks = fields.flag("blocks_templates", user.blocks_templates)
        platform = fields.choice("platform", Platform) if fields.has("platform") else user.platform
        wechat_id = fields.text("wechat_id", user.wechat_id)
        fields.done()
        user.blocks_templates, user.platform, user.wechat_id = blocks, platform, wechat_id
        chosen = {"wechat_id": wechat_id} if wechat_id else {}
        return answer({"blocks_templates": blocks, "platform": str(platform), **chosen})

    async def share(self, request: web.Request) -> web.Response:
        """Share a page with one friend, or on the timeline, where all other users see it."""
        user, fields = self._user(request), await read_fields(request)
        to, title, link = fields.text("to"), fields.text("title", ""), fields.text("link")
        description, picture = fields.text("desc", ""), fields.text("imgUrl", "")
        fields.done()
        if urlsplit(link).scheme not in ("http", "https"):
            raise BadRequest(f"link: must be an http:// or https:// URL, got {link!r}")
        if to == TIMELINE:
            where, receivers = TIMELINE, [one for one in self._world.users.all() if one is not user]
        else:
            where, receivers = "singlemessage", [self._world.users.get(to)]
        # WeChat adds `from` to the address of a shared page.
        address, mark, fragment = link.partition("#")
        url = with_query(address, {"from": where}) + mark + fragment
        item = Share(self._world.clock.now(), user.nickname, where, title, description, url, picture)
        for receiver in receivers:
            self._world.social.share(receiver.openid, item)
        return answer({"ok": True})

    async def inbox(self, request: web.Request) -> web.Response:
        items = self._world.social.inbox(self._user(request).openid)
        return answer({"items": [item.to_json() for item in items]})

    def login(self, step: Callable[[Actor, str], Login]) -> Handler:
        """Return the handler for one step of a website login: scan, confirm or cancel."""

        async def handle(request: web.Request) -> web.Response:
            actor = Actor(self._world, self._pusher, self._user(request))
            fields = await read_fields(request)
            uuid = fields.text("uuid")
            fields.done()
            return answer({"status": step(actor, uuid).status})

        return handle

    async def subscribemsg(self, request: web.Request) -> web.Response:
        """Open the page of a one-time subscription and press one of its buttons (protocol §8.4)."""
        user, fields = self._user(request), await read_fields(request)
        url, decision = fields.text("url"), fields.choice("decision", Decision)
        fields.done()
        outcome = decide(self._world, user, url, decision)
        return answer({"redirect": outcome} if isinstance(outcome, str) else {"error": outcome.zh})

    async def sms(self, request: web.Request) -> web.Response:
        """Deliver a text message to the phone with this number."""
        fields = await read_fields(request)
        phone, text = fields.text("phone"), fields.text("text")
        fields.done()
        if not phone:
            raise BadRequest("phone: must not be empty")
        user = self._world.users.with_phone(phone)
        self._world.social.sms(user.openid if user else None, phone, text)
        return answer({"ok": True})

    async def all_sms(self, request: web.Request) -> web.Response:
        return answer({"messages": [asdict(message) for message in self._world.social.messages]})

    def _user(self, request: web.Request) -> User:
        return self._world.users.get(request.match_info["openid"])
