"""Answer a user who has scanned the QR code of the login page: with a link to confirm or refuse the login."""

import re

from bot.chat import on
from bot.chat.router import Chat, Route
from bot.config import LOGIN_PATH, LOGIN_SCENE


def answer_scan(chat: Chat, login_id: str) -> str:
    login = chat.account.people.logins.scanned(login_id, chat.openid)
    if login is None:
        return "这个登录二维码已经失效，或者已经被别人扫过。请在电脑上换一个新的再扫。"
    url = chat.account.page_url(f"{LOGIN_PATH}/confirm?id={login_id}")
    browser = f"（{login.agent}）" if login.agent else ""
    return (
        f'有一台电脑{browser}想用你的微信登录。\n<a href="{url}">查看并确认登录</a>\n'
        "不是你本人在操作？不用理会，也不要点确认。"
    )


login_routes: list[Route] = [on.scene(re.compile(LOGIN_SCENE + "([0-9a-f]{32})"), answer_scan)]
"""The routes for CHAT. List them before `on.event("subscribe", …)`: a user may follow by this scan."""
