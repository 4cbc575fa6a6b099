"""Turn the `page` of a view button, a path of this site, into the URL that WeChat opens."""

from typing import Any
from urllib.parse import quote, urlsplit

from bot.config import Config
from bot.menu.buttons import FIELDS, Button, sub_buttons, top_buttons
from bot.menu.rules import page_faults
from bot.oauth.state import PATH_CHARACTERS, States
from bot.wechat.endpoints import Endpoints


def resolve(menu: Any, config: Config, states: States) -> Any:
    """Return `menu` with each `page` replaced by a URL: with `scope`, by the authorize URL that leads to it.

    `menu` may be any object, because it is written by hand. A bad page or scope, or a page where none
    belongs, is left as it is, and rules.py reports it.
    """
    endpoints = Endpoints.of(config)

    def url(item: Button) -> str:
        # A URL must be ASCII: WeChat redirects the browser to it.
        page = quote(item["page"], safe=PATH_CHARACTERS + "?#%")
        if "scope" not in item:
            return config.public_url + page
        state = states.for_menu(urlsplit(page).path)
        return endpoints.authorize(config.app_id, config.public_url + page, item["scope"], state)

    def button(item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        if isinstance(sub_buttons(item), list) and sub_buttons(item):
            return {**item, "sub_button": [button(sub) for sub in sub_buttons(item)]}
        if not _has_good_page(item):
            return dict(item)
        kept = {name: value for name, value in item.items() if name not in ("page", "scope")}
        return {**kept, "url": url(item)}

    buttons = top_buttons(menu)
    return menu if buttons is None else {**menu, "button": [button(item) for item in buttons]}


def _has_good_page(item: Button) -> bool:
    kind = item.get("type")
    takes_url = isinstance(kind, str) and "url" in FIELDS.get(kind, ())
    return takes_url and "page" in item and not item.get("url") and not list(page_faults(item))
