"""The account on which the tests run. Its answers must stay as they are, whatever an operator does in
handlers/.

Tests of other routes and pages give their own to `Served`, `Desk` or a package in a temporary folder.
"""

from bot import Wording, login_pages, login_routes, on
from tests.account import chat
from tests.account.menu import MENU, REPLIES
from tests.account.pages import About, Blog, Home, Weibo

CHAT = [
    *login_routes,
    on.event("subscribe", chat.greet),
    on.event("unsubscribe", chat.goodbye),
    *on.clicks(REPLIES),
    on.text(["帮助", "help"], chat.show_help),
    on.text(chat.WAIT, chat.wait, slow=True),
    on.message("text", chat.echo),
    on.message("image", chat.same_image),
    on.message("voice", chat.same_voice),
    on.message("location", chat.place),
    on.anything(chat.fallback),
]

PAGES = [("/", Home), ("/blog", Blog), ("/weibo", Weibo), ("/about", About), *login_pages]

WORDING = Wording(
    sorry="抱歉，刚才出了点问题，请稍后再试。",
    still_working="还在处理，请稍等。好了之后，随便发一条消息就能收到结果。",
    more="继续",
    more_hint="……（未完，回复「继续」接着看）",
)

__all__ = ["CHAT", "MENU", "PAGES", "WORDING"]
