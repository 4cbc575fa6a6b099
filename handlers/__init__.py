"""THE OPERATOR EDITS THIS PACKAGE: what the account says and shows.

CHAT     the routes in order; the first that matches answers
PAGES    (path, class) pairs
MENU     the custom menu, as data
WORDING  the sentences that the engine itself says to users

Importing it must have no other effect: no file, thread, network call or setting.
"""

from bot.chat import on
from bot.chat.router import Route
from bot.config import ACCOUNT_PATH, LOGIN_PATH, LOGIN_STATUS_PATH
from handlers.chat import events, login, media, slow, text
from handlers.menu import MENU, REPLIES
from handlers.pages.about import About
from handlers.pages.account import AccountPage
from handlers.pages.blog import Blog
from handlers.pages.home import Home
from handlers.pages.login import Confirm, Events, LoginPage, Logout, Status
from handlers.pages.weibo import Weibo
from handlers.wording import WORDING

CHAT: list[Route] = [
    on.scene(login.PATTERN, login.ask),  # before subscribe: a user may follow by scanning this code
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

PAGES: list[tuple[str, type]] = [
    ("/", Home),
    ("/blog", Blog),
    ("/weibo", Weibo),
    ("/about", About),
    (ACCOUNT_PATH, AccountPage),
    (LOGIN_PATH, LoginPage),
    (LOGIN_STATUS_PATH, Status),
    (f"{LOGIN_PATH}/events", Events),
    (f"{LOGIN_PATH}/confirm", Confirm),
    ("/logout", Logout),
]

__all__ = ["CHAT", "MENU", "PAGES", "WORDING"]
