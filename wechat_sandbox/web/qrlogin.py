"""Website login by QR code: the page, the picture of the code, and the poll (protocol §6.3, rule 32).

`user_actions/logins.py` has the steps on the phone.
"""

import io
from collections.abc import Mapping

import segno
from aiohttp import web

from wechat_sandbox.web.domains import covers
from wechat_sandbox.web.pages import notice, page
from wechat_sandbox.web.words import Words
from wechat_sandbox.world.logins import CONFIRMED, EXPIRED, WAITING, Login
from wechat_sandbox.world.world import World

CONFIRM_PATH = "/connect/confirm"
_NO_ACCESS = Words("无法访问", "No access")
_THIS_LINK = Words("该链接无法访问", "This link cannot be opened")


class QrLoginPages:
    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/connect/qrconnect", self.page)
        app.router.add_get("/connect/qrcode/{uuid}", self.picture)
        app.router.add_get("/connect/l/qrconnect", self.poll)

    async def page(self, request: web.Request) -> web.Response:
        """Return the page with a new code. With `f=xml` in the query, return only the uuid of the code."""
        query = request.query
        login = self._open(query)
        if login is None:
            return notice(_NO_ACCESS, _THIS_LINK)
        if query.get("f") == "xml":
            text = f"<xml><uuid><![CDATA[{login.uuid}]]></uuid></xml>"
            return web.Response(text=text, content_type="text/xml")
        return page("qrconnect.html", uuid=login.uuid, account_name=self._world.account.name)

    def _open(self, query: Mapping[str, str]) -> Login | None:
        """Create a login for a valid link. Return None for a wrong app, scope or domain."""
        account, redirect_uri = self._world.account, query.get("redirect_uri", "")
        asked = (query.get("appid"), query.get("scope"), query.get("response_type", "code"))
        if asked != (account.site_app_id, "snsapi_login", "code"):
            return None
        if not covers(account.site_domains, redirect_uri, subdomains=False):
            return None
        return self._world.logins.open(account.site_app_id, redirect_uri)

    async def picture(self, request: web.Request) -> web.Response:
        login = self._world.logins.find(request.match_info["uuid"])
        if login is None:
            raise web.HTTPNotFound
        picture = io.BytesIO()
        content = confirm_url(self._world.base_url, login.uuid)
        segno.make_qr(content, error="m").save(picture, kind="png", scale=8, border=4)
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=picture.getvalue(), content_type="image/png", headers=headers)

    async def poll(self, request: web.Request) -> web.Response:
        """Answer when the status of the login differs from `last`, or after about 25 seconds.

        The setting `login_poll_seconds` changes the time.
        """
        login = self._world.logins.find(request.query.get("uuid", ""))
        if login is None:
            return _poll_answer(EXPIRED, "")
        last = request.query.get("last", "")
        known = int(last) if last.isascii() and last.isdigit() else WAITING
        seconds = self._world.behaviour.login_poll_seconds
        status = await self._world.logins.wait(login, known, seconds)
        return _poll_answer(status, login.code if status == CONFIRMED else "")


def confirm_url(base_url: str, uuid: str) -> str:
    """Return the text in the picture of a login code. The text differs from the URL of every page: otherwise
    a camera would open the page."""
    return f"{base_url}{CONFIRM_PATH}?uuid={uuid}"


def _poll_answer(status: int, code: str) -> web.Response:
    text = f"window.wx_errcode={status};window.wx_code='{code}';"
    return web.Response(text=text, content_type="text/javascript", headers={"Cache-Control": "no-store"})
