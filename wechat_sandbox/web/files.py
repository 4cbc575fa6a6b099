"""Serve the static files: the phone page, the styles of WeChat's pages, and WeChat's scripts."""

from pathlib import Path

from aiohttp import web

_ROOT = Path(__file__).parent.parent
_PHONE = _ROOT / "phone"
# Path of a script on WeChat's host -> the file that replaces it.
_SCRIPTS = {
    "/open/js/jweixin-1.6.0.js": _ROOT / "jweixin" / "jweixin-1.6.0.js",
    "/connect/zh_CN/htmledition/js/wxLogin.js": _ROOT / "wxlogin" / "wxLogin.js",
}
# The files change during development of the sandbox, so a browser must check for a new version each time.
_FRESH = {"Cache-Control": "no-cache"}


def mount(app: web.Application, base_url: str) -> None:
    """Add the routes of all static files."""

    async def phone(request: web.Request) -> web.StreamResponse:
        # Cookies belong to one host name, so the phone page must use the one in the sandbox's URLs.
        if request.url.host == "localhost" and not base_url.startswith("http://localhost:"):
            raise web.HTTPFound(base_url + "/")
        return _file(_PHONE / "index.html")

    app.router.add_get("/", phone)
    app.router.add_get("/_sandbox/phone/{path:.+}", _phone_file)
    for path in _SCRIPTS:
        app.router.add_get(path, _script)


async def _phone_file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["path"]
    path = (_PHONE / name).resolve() if name.isprintable() else _ROOT
    if not path.is_relative_to(_PHONE):
        raise web.HTTPNotFound
    return _file(path)


async def _script(request: web.Request) -> web.StreamResponse:
    return _file(_SCRIPTS[request.path])


def _file(path: Path) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=_FRESH)
