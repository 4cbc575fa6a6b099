"""API calls for the custom menu (protocol §5.1 and §5.3, rules 22 and 23)."""

from typing import Any
from urllib.parse import urlsplit

from wechat_sandbox.api.menu_rules import check_buttons, check_rule
from wechat_sandbox.api.pipeline import OK, Api, Call, Json
from wechat_sandbox.errors import WeChatError
from wechat_sandbox.rights import Right
from wechat_sandbox.world.menu import Button, Menu, Menus

MAX_DOMAINS = 3


def _create(call: Call) -> Json:
    buttons = check_buttons(call.body.get("button"), call.world.behaviour.escaped_names)
    call.world.set_menu(buttons)
    return OK


def _get(call: Call) -> Json:
    menus = call.world.menus
    if menus.default is None:
        raise WeChatError(46003)
    menu: Json = {"button": [_as_got(button) for button in menus.default.buttons]}
    if not menus.conditional:
        return {"menu": menu}
    conditional = [_conditional(one) for one in reversed(menus.conditional)]
    return {"menu": {**menu, "menuid": menus.default.menuid}, "conditionalmenu": conditional}


def _delete(call: Call) -> Json:
    call.world.menus.clear()
    call.world.publish_menu()
    return OK


def _current(call: Call) -> Json:
    return current_menu(call.world.menus)


def current_menu(menus: Menus) -> Json:
    """Return the menu that was made by API or in the console, and whether it is switched on."""
    menu = menus.default or menus.console
    buttons = [_as_current(button) for button in menu.buttons] if menu else []
    return {"is_menu_open": int(menus.is_open), "selfmenu_info": {"button": buttons}}


def _add_conditional(call: Call) -> Json:
    world = call.world
    if world.menus.default is None:
        raise WeChatError(65303)
    buttons = check_buttons(call.body.get("button"), world.behaviour.escaped_names)
    rule = check_rule(call.body.get("matchrule"))
    if "tag_id" in rule:
        world.tags.get(rule["tag_id"])
    menu = Menu(buttons, world.new_menuid(), rule)
    domains = {domain for one in (*world.menus.conditional, menu) for domain in _domains(one.buttons)}
    if len(domains) > MAX_DOMAINS:
        raise WeChatError(65316)
    world.menus.conditional.append(menu)
    world.publish_menu()
    return {"menuid": str(menu.menuid)}


def _delete_conditional(call: Call) -> Json:
    call.world.menus.delete_conditional(str(call.body.get("menuid", "")))
    call.world.publish_menu()
    return OK


def _try_match(call: Call) -> Json:
    user_id = str(call.body.get("user_id", ""))
    user = call.world.users.find(user_id) or call.world.users.with_wechat_id(user_id)
    if user is None or not user.subscribed:
        raise WeChatError(65302)
    menus = call.world.menus
    menu = menus.meant_for(user) if menus.default else None
    if menu is None:
        raise WeChatError(46003)
    return {"button": [_as_got(button) for button in menu.buttons]}


def _conditional(menu: Menu) -> Json:
    """Return a conditional menu as menu/get shows it. As at WeChat, tag_id has its old name group_id."""
    rule = {"group_id" if name == "tag_id" else name: value for name, value in menu.rule.items()}
    return {
        "button": [_as_got(button) for button in menu.buttons],
        "matchrule": rule,
        "menuid": menu.menuid,
    }


def _domains(buttons: list[Button]) -> set[str]:
    domains = set()
    for button in buttons:
        if "url" in button:
            domains.add(urlsplit(button["url"]).hostname or "")
        domains |= _domains(button.get("sub_button", []))
    return domains


def _as_got(button: Button) -> dict[str, Any]:
    """Return a button as menu/get shows it.

    A button without sub-buttons gets an empty `sub_button`. A parent has only `name` and `sub_button`.
    """
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
    Api("POST", "/cgi-bin/menu/addconditional", _add_conditional, Right.CONDITIONAL_MENU),
    Api("POST", "/cgi-bin/menu/delconditional", _delete_conditional, Right.CONDITIONAL_MENU),
    Api("POST", "/cgi-bin/menu/trymatch", _try_match, Right.CONDITIONAL_MENU),
)
