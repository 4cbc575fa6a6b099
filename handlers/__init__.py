"""The example account: what it says and shows. `python -m bot new NAME` makes a package of your own.

CHAT     the routes in order; the first that matches answers
PAGES    (path, class) pairs
MENU     the custom menu, as data
WORDING  the sentences that the engine itself says to users

Importing it must have no other effect: no file, thread, network call or setting.
"""

from bot import login_pages, login_routes, on
from handlers.chat import events, media, slow, text
from handlers.menu import MENU, REPLIES
from handlers.pages.about import About
from handlers.pages.blog import Blog
from handlers.pages.home import Home
from handlers.pages.weibo import Weibo
from handlers.wording import WORDING

CHAT = [
    *login_routes,  # before subscribe: a user may follow by scanning the QR code of the login page
    on.event("subscribe", events.greet),
    on.event("unsubscribe", events.goodbye),
    *on.clicks(REPLIES, inline=True),
    on.text(["帮助", "help"], text.show_help, inline=True),
    on.text(slow.PATTERN, slow.wait, slow=True),
    on.message("text", text.echo, inline=True),
    on.message("image", media.same_image),
    on.message("voice", media.same_voice),
    on.message("location", media.place),
    on.anything(text.fallback),
]

PAGES = [
    ("/", Home),
    ("/blog", Blog),
    ("/weibo", Weibo),
    ("/about", About),
    *login_pages,  # login on a PC, logout, and /account to bind a phone number
]

__all__ = ["CHAT", "MENU", "PAGES", "WORDING"]
