"""Serve the pictures of WeChat's hosts: avatars, and QR codes with a scene (protocol §9.1)."""

import html
import io

import segno
from aiohttp import web

from wechat_sandbox.world.world import World

_COLOURS = ("#4f8ef7", "#f2784b", "#3cb371", "#9b6bd6", "#e0567a", "#2fa7a0", "#c98f2b", "#6b7fa3")


class Pictures:
    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/mmopen/{seed}/{size}", self.avatar)
        app.router.add_get("/cgi-bin/showqrcode", self.qrcode)

    async def avatar(self, request: web.Request) -> web.Response:
        """Return an avatar: one character on a coloured square.

        The seed `account` gives the avatar of the account, and `snapshot` the avatar of a virtual identity.
        Any other seed gives the avatar of a user.
        """
        seed = request.match_info["seed"]
        if seed == "account":
            return _svg(self._world.account.name[0], "#07c160")
        if seed == "snapshot":
            return _svg("微", "#b0b5ba")
        user = self._world.users.by_avatar_seed(seed)
        if user is None:
            raise web.HTTPNotFound
        return _svg(user.nickname[-1], _COLOURS[user.ordinal % len(_COLOURS)])

    async def qrcode(self, request: web.Request) -> web.Response:
        """Return the picture of a QR code. Needs no token.

        Answers 404 for a ticket that is unknown or has expired (rule 36).
        """
        code = self._world.qrcodes.by_ticket(request.query.get("ticket", ""))
        if code is None:
            raise web.HTTPNotFound
        picture = io.BytesIO()
        segno.make_qr(code.url, error="m").save(picture, kind="png", scale=8, border=4)
        headers = {"Cache-Control": "max-age=604800"}
        return web.Response(body=picture.getvalue(), content_type="image/png", headers=headers)


def _svg(initial: str, colour: str) -> web.Response:
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 132" width="132" height="132">'
        f'<defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="{colour}" stop-opacity=".78"/>'
        f'<stop offset="1" stop-color="{colour}"/></linearGradient></defs>'
        '<rect width="132" height="132" fill="#fff"/><rect width="132" height="132" fill="url(#g)"/>'
        '<text x="66" y="66" dy=".36em" text-anchor="middle" font-size="66" fill="#fff" '
        'font-family="PingFang SC,Noto Sans CJK SC,Microsoft YaHei,sans-serif">'
        f"{html.escape(initial)}</text></svg>"
    )
    return web.Response(text=text, content_type="image/svg+xml")
