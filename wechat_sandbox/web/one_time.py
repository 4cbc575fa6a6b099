"""The page of a one-time subscription (protocol §8.4). One consent allows one message."""

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from wechat_sandbox.push.request import with_query
from wechat_sandbox.rights import Right, has
from wechat_sandbox.web.authorize_pages import visitor
from wechat_sandbox.web.domains import covers
from wechat_sandbox.web.pages import UNABLE, notice, open_in_wechat, page, redirect
from wechat_sandbox.web.words import Words
from wechat_sandbox.world.users import User
from wechat_sandbox.world.world import World

PATH = "/mp/subscribemsg"
MAX_SCENE = 10_000
MAX_RESERVED = 128


class Decision(StrEnum):
    CONFIRM = "confirm"
    CANCEL = "cancel"


class OneTimePage:
    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.ask)
        app.router.add_post(PATH, self.answered)

    async def ask(self, request: web.Request) -> web.Response:
        user = visitor(self._world, request)
        if user is None:
            return open_in_wechat()
        refusal = _refusal(self._world, request.query)
        if refusal is not None:
            return notice(UNABLE, refusal)
        return page(
            "subscribemsg.html",
            account_name=self._world.account.name,
            account_avatar=f"{self._world.base_url}/mmopen/account/132",
            action=request.path_qs,
        )

    async def answered(self, request: web.Request) -> web.Response:
        """Handle the form. The form posts to the page's own URL, whose query has the details of the
        subscription."""
        user = visitor(self._world, request)
        if user is None:
            return open_in_wechat()
        form = await request.post()
        decision = Decision.CONFIRM if form.get("decision") == "confirm" else Decision.CANCEL
        outcome = decide(self._world, user, str(request.rel_url), decision)
        return redirect(outcome) if isinstance(outcome, str) else notice(UNABLE, outcome)


def decide(world: World, user: User, url: str, decision: Decision) -> str | Words:
    """Press a button of the page at `url`.

    Return the URL on the site that opens next, or the reason why WeChat does not open the link.
    """
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    refusal = _refusal(world, query)
    if refusal is not None:
        return refusal
    scene = int(query["scene"])
    if decision is Decision.CONFIRM:
        world.notices.grant_one_time(user.openid, scene)
    told = {
        "openid": user.openid,
        "template_id": query["template_id"],
        "action": str(decision),
        "scene": query["scene"],
        "reserved": query.get("reserved", ""),
    }
    return with_query(query["redirect_url"], told)


def _refusal(world: World, query: Mapping[str, str]) -> Words | None:
    """Return the reason why WeChat does not open the page; None if it does."""
    account, scene = world.account, query.get("scene", "")
    if query.get("action") != "get_confirm":
        return Words("action 参数必须为 get_confirm", "action must be get_confirm")
    if query.get("appid") != account.app_id:
        return Words(
            f"appid 不是本公众号的 {account.app_id}", f"appid is not this account's {account.app_id}"
        )
    if not has(account.kind, Right.NOTICE):
        return Words(
            "该公众号没有一次性订阅消息的权限", "This account has no right to one-time subscriptions"
        )
    if not (scene.isascii() and scene.isdigit() and int(scene) <= MAX_SCENE):
        return Words(
            f"scene 参数必须为 0 到 {MAX_SCENE} 的整数", f"scene must be a whole number from 0 to {MAX_SCENE}"
        )
    if query.get("template_id") != world.notices.one_time_id:
        return Words(
            "template_id 不是本公众号的一次性订阅消息模板",
            "template_id is not this account's template of one-time subscriptions",
        )
    if len(query.get("reserved", "").encode()) > MAX_RESERVED:
        return Words(
            f"reserved 参数不能超过 {MAX_RESERVED} 字节", f"reserved may have at most {MAX_RESERVED} bytes"
        )
    if not covers(account.web_domains, query.get("redirect_url", ""), subdomains=False):
        return Words("redirect_url 域名与后台配置不一致", "redirect_url is not under a domain of the account")
    return None
