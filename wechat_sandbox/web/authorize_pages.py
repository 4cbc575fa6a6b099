"""The authorize pages of open.weixin.qq.com. The cookie `sandbox_user` says which user opens the page."""

from aiohttp import web

from wechat_sandbox.web.authorize_rules import Ask, PageError, Redirect, allow, open_link, refuse
from wechat_sandbox.web.pages import UNABLE, notice, open_in_wechat, page, redirect
from wechat_sandbox.web.words import Words
from wechat_sandbox.world.users import User
from wechat_sandbox.world.world import World

VISITOR_COOKIE = "sandbox_user"
_REFUSED = Words("已拒绝授权", "Refused")
_NOTHING_GIVEN = Words(
    "页面未获得你的昵称和头像，可返回上一页", "The page did not get your name and photo. You can go back"
)
_EXPIRED = Words("页面已失效", "This page has expired")
_OPEN_AGAIN = Words("请返回后重新打开", "Go back and open it again")


class AuthorizePages:
    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/connect/oauth2/authorize", self.authorize)
        app.router.add_post("/connect/oauth2/consent", self.consent)

    async def authorize(self, request: web.Request) -> web.Response:
        user = visitor(self._world, request)
        if user is None:
            return open_in_wechat()
        outcome = open_link(self._world, user, request.query)
        match outcome:
            case Redirect(url, snapshot):
                if snapshot:
                    self._tell_snapshot(user, request)
                return redirect(url)
            case PageError(code, message):
                return notice(UNABLE, message, str(code))
            case Ask(request_id):
                return self._consent_page(user, request_id)

    def _tell_snapshot(self, user: User, request: web.Request) -> None:
        """Tell the phone that the page is a snapshot, so that it offers the full service below the page.

        The full service is the same link with `forcePopup=true`, which shows the consent page.
        """
        query = {name: value for name, value in request.query.items() if name != "forceSnapShot"}
        full = request.rel_url.with_query({**query, "forcePopup": "true"})
        self._world.bus.publish("snapshot", {"openid": user.openid, "full": str(full)})

    async def consent(self, request: web.Request) -> web.Response:
        user = visitor(self._world, request)
        if user is None:
            return open_in_wechat()
        form = await request.post()
        asked = self._world.oauth.answered(str(form.get("request", "")))
        if asked is None or asked.openid != user.openid:
            return notice(_EXPIRED, _OPEN_AGAIN)
        if form.get("decision") != "allow":
            refuse(self._world, user)
            return notice(_REFUSED, _NOTHING_GIVEN)
        return redirect(allow(self._world, user, asked).url)

    def _consent_page(self, user: User, request_id: str) -> web.Response:
        return page(
            "consent.html",
            account_name=self._world.account.name,
            account_avatar=f"{self._world.base_url}/mmopen/account/132",
            nickname=user.nickname,
            avatar=user.avatar,
            request_id=request_id,
        )


def visitor(world: World, request: web.Request) -> User | None:
    """Return the user whose web view opened the page; None for another browser."""
    return world.users.find(request.cookies.get(VISITOR_COOKIE, ""))
