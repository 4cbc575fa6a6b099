"""Answer a user who has scanned the QR code of our login page: with a link to confirm or refuse the login."""

import re

from bot.chat.router import Chat
from bot.config import LOGIN_PATH, LOGIN_SCENE

PATTERN = re.compile(LOGIN_SCENE + "([0-9a-f]{32})")


def ask(chat: Chat, login_id: str) -> str:
    login = chat.account.people.logins.scanned(login_id, chat.openid)
    if login is None:
        return "这个登录二维码已经失效，或者已经被别人扫过。请在电脑上换一个新的再扫。"
    url = chat.account.page_url(f"{LOGIN_PATH}/confirm?id={login_id}")
    browser = f"（{login.agent}）" if login.agent else ""
    return (
        f'有一台电脑{browser}想用你的微信登录。\n<a href="{url}">查看并确认登录</a>\n'
        "不是你本人在操作？不用理会，也不要点确认。"
    )
