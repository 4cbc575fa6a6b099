"""Fill the templates of WeChat's own HTML pages. All values are escaped."""

import html
from pathlib import Path
from string import Template

from aiohttp import web

from wechat_sandbox.web.words import Words

UNABLE = Words("无法打开页面", "Unable to open the page")
_PAGES = Path(__file__).parent.parent / "pages"


def page(name: str, **values: str) -> web.Response:
    """Return the page of the template `name`, filled with the escaped `values`."""
    template = Template((_PAGES / name).read_text(encoding="utf-8"))
    text = template.substitute({key: html.escape(value) for key, value in values.items()})
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})


def notice(title: Words, message: Words, code: str = "") -> web.Response:
    """Return a page with a title and a message. `code` is the number of a page error (protocol §4.5)."""
    return page(
        "notice.html",
        title=title.zh,
        title_en=title.en,
        message=message.zh,
        message_en=message.en,
        code=code,
    )


def open_in_wechat() -> web.Response:
    """Return the page that WeChat shows to other browsers."""
    return notice(Words("提示", "Note"), Words("请在微信客户端打开链接", "Open this link in WeChat"))


def redirect(url: str) -> web.Response:
    # web.HTTPFound would quote the URL. Send it exactly as the developer wrote it.
    return web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})
