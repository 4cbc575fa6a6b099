"""Read from WeChat which menus are live, and which of them a follower sees. This module changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import WeChatError, WeChatUnreachable
from bot.menu.account_menus import AccountMenus, ConditionalMenu
from bot.menu.buttons import Menu, plain
from bot.menu.matchrule import conditions
from bot.wechat.client import Client

_NO_MENU = 46003


@dataclass(frozen=True)
class MenuAnswers:
    """WeChat's two answers about the live menus, as they came.

    `menu_get` is None if no menu was made by API. `selfmenu_info` has the menu that phones show, also one
    that was made in the console.
    """

    menu_get: Mapping[str, Any] | None
    selfmenu_info: Mapping[str, Any]

    def menus(self) -> AccountMenus:
        """Return the menus that the answers describe. Raises ValueError if they describe none that can be
        read."""
        try:
            return self._menus()
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError("the answer is no menu") from error

    def _menus(self) -> AccountMenus:
        is_open = str(self.selfmenu_info["is_menu_open"]) == "1"
        if self.menu_get is None:
            buttons = self.selfmenu_info.get("selfmenu_info", {}).get("button", [])
            default = {"button": plain(buttons)} if buttons else None
            return AccountMenus(default, is_console=default is not None, is_open=is_open)
        found = [
            ConditionalMenu(plain(menu["button"]), conditions(menu["matchrule"]), str(menu["menuid"]))
            for menu in self.menu_get.get("conditionalmenu", [])
        ]
        # Newest first, as WeChat matches them: a later menu has a higher menuid.
        found.sort(key=lambda menu: int(menu.menuid), reverse=True)
        default = {"button": plain(self.menu_get["menu"]["button"])}
        return AccountMenus(default, tuple(found), is_open=is_open)


def read_live(client: Client) -> MenuAnswers:
    """Return WeChat's answers about the live menus. Raises WeChatError, also if they cannot be read.

    menu/get does not return a menu that was made in the console, but menu/create replaces that one, too.
    """
    made_by_api = None
    try:
        made_by_api = client.get("menu/get")
    except WeChatError as error:
        if error.errcode != _NO_MENU:
            raise
    answers = MenuAnswers(made_by_api, client.get("get_current_selfmenu_info"))
    try:
        answers.menus()
    except ValueError as error:
        call = "menu/get" if made_by_api else "get_current_selfmenu_info"
        raise WeChatUnreachable(str(error), was_sent=True, call=f"/cgi-bin/{call}") from None
    return answers


def read_shown_to(client: Client, user: str) -> Menu | None:
    """Return the menu that a follower sees, or None. `user` is an OpenID or a WeChat id.

    Raises WeChatError: 65302 if `user` does not follow the account.
    """
    try:
        answer = client.post("menu/trymatch", data={"user_id": user})
    except WeChatError as error:
        if error.errcode != _NO_MENU:
            raise
        return None
    try:
        menu = answer.get("menu", answer)  # older documents wrap the answer in `menu`
        return {"button": plain(menu["button"])}
    except (KeyError, TypeError, AttributeError):
        raise WeChatUnreachable(
            "WeChat was asked for the menu of a follower, and answered with something else", was_sent=True
        ) from None
