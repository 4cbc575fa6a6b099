"""The engine: it follows WeChat's rules. The texts, pages and menu of the account are in the operator's
package.

`from bot import on, Chat, Page` gives the names of PUBLIC_NAMES, and these keep their meaning over
versions. Everything else in this package may move. A name is imported when it is first used: `import bot`
and `import bot.config` load neither web.py nor wechatpy.
"""

import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.chat import on
    from bot.chat.replies.kinds import Article, Image, Music, News, Text, Transfer, Video, Voice
    from bot.chat.replies.returned import Ask, Picture
    from bot.chat.router import Chat
    from bot.chat.wording import Wording
    from bot.site.login.pages import login_pages
    from bot.site.login.scan import login_routes
    from bot.site.page import Page, Share
    from bot.site.templates import translate

__version__ = "0.2.0"

PUBLIC_NAMES = {
    "on": "bot.chat.on",
    "Chat": "bot.chat.router:Chat",
    "Ask": "bot.chat.replies.returned:Ask",
    "Text": "bot.chat.replies.kinds:Text",
    "Image": "bot.chat.replies.kinds:Image",
    "Voice": "bot.chat.replies.kinds:Voice",
    "Video": "bot.chat.replies.kinds:Video",
    "Music": "bot.chat.replies.kinds:Music",
    "News": "bot.chat.replies.kinds:News",
    "Article": "bot.chat.replies.kinds:Article",
    "Picture": "bot.chat.replies.returned:Picture",
    "Transfer": "bot.chat.replies.kinds:Transfer",
    "Wording": "bot.chat.wording:Wording",
    "Page": "bot.site.page:Page",
    "Share": "bot.site.page:Share",
    "translate": "bot.site.templates:translate",
    "login_pages": "bot.site.login.pages:login_pages",
    "login_routes": "bot.site.login.scan:login_routes",
}
"""The names for operators' packages, each with the place of its definition. See docs/handlers.md."""

__all__ = [  # noqa: RUF022  in the order of PUBLIC_NAMES
    "on", "Chat", "Ask", "Text", "Image", "Voice", "Video", "Music", "News", "Article", "Picture",
    "Transfer", "Wording", "Page", "Share", "translate", "login_pages", "login_routes",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in PUBLIC_NAMES:
        raise AttributeError(f"module 'bot' has no attribute {name!r}")
    value = globals()[name] = pkgutil.resolve_name(PUBLIC_NAMES[name])
    return value
