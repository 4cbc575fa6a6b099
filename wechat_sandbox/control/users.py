"""Control calls that add users and let them act. `phones.py` has the calls for their phones."""

from typing import Any

from aiohttp import web
from yarl import URL

from wechat_sandbox.control.responses import answer
from wechat_sandbox.json_fields import BadRequest, read_fields
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.user_actions.actions import ACTS, perform
from wechat_sandbox.user_actions.actor import Actor
from wechat_sandbox.web.authorize_rules import Ask, PageError, Redirect, allow, open_link, refuse
from wechat_sandbox.world.users import User
from wechat_sandbox.world.world import World

_LONGEST_NICKNAME = 64


class UserControl:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        app.router.add_post("/_sandbox/users", self.add)
        user = "/_sandbox/users/{openid}"
        app.router.add_get(f"{user}/chat", self.chat)
        app.router.add_post(f"{user}/authorize", self.authorize)
        app.router.add_post(f"{user}/{{act}}", self.act)

    async def add(self, request: web.Request) -> web.Response:
        """Add a user. With `subscribed` the user follows from the start, without a subscribe event."""
        fields = await read_fields(request)
        nickname, subscribed = fields.text("nickname").strip(), fields.flag("subscribed", False)
        fields.done()
        if not 1 <= len(nickname) <= _LONGEST_NICKNAME:
            raise BadRequest(f"nickname: must be 1 to {_LONGEST_NICKNAME} characters")
        user = self._world.users.add(nickname)
        if subscribed:
            user.follow(self._world.clock.seconds(), "ADD_SCENE_SEARCH")
        self._world.publish_user(user)
        return answer(user.to_json())

    async def chat(self, request: web.Request) -> web.Response:
        chat = self._world.chat(self._user(request).openid)
        return answer({"messages": [message.to_json() for message in chat.messages]})

    async def act(self, request: web.Request) -> web.Response:
        name = request.match_info["act"]
        if name not in ACTS:
            raise web.HTTPNotFound
        actor = Actor(self._world, self._pusher, self._user(request))
        outcome = await perform(actor, name, await read_fields(request))
        return answer(outcome.to_json())

    async def authorize(self, request: web.Request) -> web.Response:
        user, fields = self._user(request), await read_fields(request)
        url, decision = fields.text("url"), fields.text("decision", "")
        fields.done()
        if decision not in ("", "allow", "refuse"):
            raise BadRequest(f"decision: must be allow or refuse, got {decision!r}")
        link = _authorize_link(url)
        return answer(self._visit(user, link, decision))

    def _visit(self, user: User, link: URL, decision: str) -> dict[str, Any]:
        # To refuse, the user must see the consent page: a silent visit would give the site a code.
        match open_link(self._world, user, link.query, asks=decision == "refuse"):
            case Redirect(url):
                return {"redirect": url}
            case PageError(code, message):
                return {"page_error": code, "message": message.zh}
            case Ask(request_id) if decision:
                asked = self._world.oauth.answered(request_id)
                if asked is not None and decision == "allow":
                    return {"redirect": allow(self._world, user, asked).url}
                refuse(self._world, user)
                return {"consent": {"decision": "refuse", "closed": True}}
            case Ask(request_id):
                shown = {
                    "account_name": self._world.account.name,
                    "nickname": user.nickname,
                    "avatar": user.avatar,
                }
                return {"consent": {**shown, "request": request_id, "closed": False}}

    def _user(self, request: web.Request) -> User:
        return self._world.users.get(request.match_info["openid"])


def _authorize_link(url: str) -> URL:
    try:
        link = URL(url)
    except ValueError:
        raise BadRequest(f"url: must be a URL, got {url!r}") from None
    if link.path != "/connect/oauth2/authorize":
        raise BadRequest(f"url: must be an authorize link (…/connect/oauth2/authorize?…), got {url!r}")
    return link
