"""The entries of PAGES for login, logout and the binding of a phone number."""

from bot.config import ACCOUNT_PATH, LOGIN_PATH, LOGIN_STATUS_PATH
from bot.site.account_page import AccountPage
from bot.site.login.confirm import Confirm
from bot.site.login.logout import Logout
from bot.site.login.qr_code import LoginPage
from bot.site.login.status import Events, Status

login_pages: list[tuple[str, type]] = [
    (ACCOUNT_PATH, AccountPage),
    (LOGIN_PATH, LoginPage),
    (LOGIN_STATUS_PATH, Status),
    (f"{LOGIN_PATH}/events", Events),
    (f"{LOGIN_PATH}/confirm", Confirm),
    ("/logout", Logout),
]
