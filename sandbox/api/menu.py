"""The custom menu's calls (protocol §5.1, rule 22)."""

from typing import Any

from sandbox.api.frame import OK, Api, Call, Json
from sandbox.api.menu_rules import check_buttons
from sandbox.errors import WeChatError
from sandbox.rights import Right
from sandbox.world.menu import Button


def _create(call: Call) -> Json:
    buttons = call.body.get("button")
    call.world.set_menu(check_buttons(buttons))
    return OK


def _get(call: Call) -> Json:
    menu = call.world.menu
    if menu is None:
        raise WeChatError(46003)
    return {"menu": {"button": [_as_got(button) for button in menu.buttons]}}


def _delete(call: Call) -> Json:
    call.world.set_menu(None)
    return OK


def _current(call: Call) -> Json:
    menu = call.world.menu
    if menu is None:
        return {"is_menu_open": 0, "selfmenu_info": {"button": []}}
    return {"is_menu_open": 1, "selfmenu_info": {"button": [_as_current(button) for button in menu.buttons]}}


def _as_got(button: Button) -> dict[str, Any]:
    """Every leaf gains an empty `sub_button`; a parent has its name and sub buttons only."""
    if button.get("sub_button"):
        return {"name": button["name"], "sub_button": [_as_got(sub) for sub in button["sub_button"]]}
    return {**button, "sub_button": []}


def _as_current(button: Button) -> dict[str, Any]:
    if button.get("sub_button"):
        return {
            "name": button["name"],
            "sub_button": {"list": [_as_current(b) for b in button["sub_button"]]},
        }
    return {name: value for name, value in button.items() if name != "sub_button"}


APIS = (
    Api("POST", "/cgi-bin/menu/create", _create, Right.MENU),
    Api("GET", "/cgi-bin/menu/get", _get, Right.MENU),
    Api("GET", "/cgi-bin/menu/delete", _delete, Right.MENU),
    Api("GET", "/cgi-bin/get_current_selfmenu_info", _current, Right.MENU),
)
