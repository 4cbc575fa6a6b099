"""The authorize pages of open.weixin.qq.com. The visitor is whose web view it is: cookie `sandbox_user`."""

import html
from pathlib import Path
from string import Template

from aiohttp import web

from sandbox.web.authorization import Ask, PageError, Redirect, allow, open_link
from sandbox.world.users import User
from sandbox.world.world import World

VISITOR_COOKIE = "sandbox_user"
_PAGES = Path(__file__).parent.parent / "pages"


class AuthorizePages:
    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/connect/oauth2/authorize", self.authorize)
        app.router.add_post("/connect/oauth2/consent", self.consent)

    async def authorize(self, request: web.Request) -> web.Response:
        user = self._visitor(request)
        if user is None:
            return _open_in_wechat()
        outcome = open_link(self._world, user, request.query)
        match outcome:
            case Redirect(url):
                return _redirect(url)
            case PageError(code, message):
                return _notice("无法打开页面", message, str(code))
            case Ask(request_id):
                return self._consent_page(user, request_id)

    async def consent(self, request: web.Request) -> web.Response:
        user = self._visitor(request)
        if user is None:
            return _open_in_wechat()
        form = await request.post()
        asked = self._world.oauth.answered(str(form.get("request", "")))
        if asked is None or asked.openid != user.openid:
            return _notice("页面已失效", "请返回后重新打开", "")
        if form.get("decision") != "allow":
            # A refusal is known to nobody but the user: no request goes to the site (rule 27).
            return _notice("已拒绝授权", "页面未获得你的昵称和头像，可返回上一页", "")
        return _redirect(allow(self._world, user, asked).url)

    def _visitor(self, request: web.Request) -> User | None:
        return self._world.users.find(request.cookies.get(VISITOR_COOKIE, ""))

    def _consent_page(self, user: User, request_id: str) -> web.Response:
        return _page(
            "consent.html",
            account_name=self._world.account.name,
            account_avatar=f"{self._world.base_url}/mmopen/account/132",
            nickname=user.nickname,
            avatar=user.avatar,
            request_id=request_id,
        )


def _open_in_wechat() -> web.Response:
    return _notice("提示", "请在微信客户端打开链接", "")


def _notice(title: str, message: str, code: str) -> web.Response:
    return _page("notice.html", title=title, message=message, code=code)


def _page(name: str, **values: str) -> web.Response:
    template = Template((_PAGES / name).read_text(encoding="utf-8"))
    text = template.substitute({key: html.escape(value) for key, value in values.items()})
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})


def _redirect(url: str) -> web.Response:
    # The address goes out as the developer wrote it, unquoted by nobody.
    return web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})
