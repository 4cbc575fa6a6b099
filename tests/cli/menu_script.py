"""The menu script's runs, and what WeChat has afterwards."""

import json
from collections.abc import Callable
from typing import Any

import requests

from tests.launch import Sandbox

CREATE = "/cgi-bin/menu/create"
ADD = "/cgi-bin/menu/addconditional"
DELETE_ONE = "/cgi-bin/menu/delconditional"
OLD = {"button": [{"type": "click", "name": "旧的", "key": "old"}]}


class Done:
    """A run that has ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        assert "Traceback" not in err, err


Run = Callable[..., Done]


def live(wechat: Sandbox) -> Any:
    return wechat.state()["menu"]


def sent(wechat: Sandbox, path: str = CREATE) -> int:
    return sum(call["path"] == path for call in wechat.calls())


def by_api(wechat: Sandbox, path: str, body: Any = None) -> Any:
    """The answer to a call of the account's own API, made by somebody else than the script."""
    account = wechat.state()["account"]
    token = requests.get(
        f"{wechat.url}/cgi-bin/token",
        params={
            "grant_type": "client_credential",
            "appid": account["app_id"],
            "secret": account["app_secret"],
        },
        timeout=60,
    ).json()["access_token"]
    url, params = f"{wechat.url}/cgi-bin/{path}", {"access_token": token}
    if body is None:
        return requests.get(url, params=params, timeout=60).json()
    data = json.dumps(body, ensure_ascii=False).encode()
    return requests.post(url, params=params, data=data, timeout=60).json()


def install_old(wechat: Sandbox) -> Any:
    """Another menu, made by API as somebody did before us."""
    assert by_api(wechat, "menu/create", OLD)["errcode"] == 0
    return live(wechat)


def click(name: str, key: str = "wx_qr_code") -> dict[str, Any]:
    return {"type": "click", "name": name, "key": key}


def conditional(name: str, **rule: Any) -> dict[str, Any]:
    """A conditional menu with one button, whose key the tests' account answers."""
    return {"button": [click(name)], "matchrule": rule}


def conditional_names(wechat: Sandbox) -> list[str]:
    """The first buttons of the live conditional menus, in the order in which WeChat matches them."""
    return [menu["button"][0]["name"] for menu in reversed(wechat.state()["conditional_menus"])]


def names(menu: Any) -> list[str]:
    return [button["name"] for button in menu["button"]]


def changing_calls(wechat: Sandbox) -> list[str]:
    """The calls that changed a menu, in order: create, addconditional, delconditional, delete."""
    read = ("get", "trymatch")
    paths = [call["path"].removeprefix("/cgi-bin/menu/") for call in wechat.calls()]
    return [path for path in paths if not path.startswith("/") and path not in read]
