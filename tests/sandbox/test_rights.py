"""What each kind of account may do (rule 20, protocol §10)."""

from collections.abc import Callable

import pytest

from tests.launch import Sandbox

KINDS = ("subscription", "subscription-verified", "service", "service-verified", "test")
CALLS = {
    "menu": ("GET", "menu/get", None, (48001, 46003, 46003, 46003, 46003)),
    "custom message": ("POST", "message/custom/send", {"touser": "o"}, (48001, 40003, 48001, 40003, 40003)),
    "typing": ("POST", "message/custom/typing", {"touser": "o"}, (48001, 40003, 48001, 40003, 40003)),
    "scene QR code": ("POST", "qrcode/create", {"action_name": "?"}, (48001, 48001, 48001, 40052, 40052)),
    "user info": ("GET", "user/info", None, (48001, 41009, 48001, 41009, 41009)),
    "media": ("GET", "media/get", None, (48001, 41006, 48001, 41006, 41006)),
    "jsapi ticket": ("GET", "ticket/getticket?type=jsapi", None, (0, 0, 0, 0, 0)),
    "callback IPs": ("GET", "getcallbackip", None, (0, 0, 0, 0, 0)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rule_20_the_matrix_of_rights(start: Callable[..., Sandbox], apis: Callable, kind: str) -> None:
    api = apis(start("--account-kind", kind))
    for name, (method, path, body, expected) in CALLS.items():
        path, _, query = path.partition("?")
        extra = dict([query.split("=")]) if query else {}
        answer = api.get(path, **extra) if method == "GET" else api.post(path, body)
        assert answer.get("errcode", 0) == expected[KINDS.index(kind)], name


@pytest.mark.parametrize(("kind", "errcode"), [("subscription-verified", 40200), ("test", 40200)])
def test_rule_20_msgmenu_is_for_verified_service_accounts(
    start: Callable[..., Sandbox], apis: Callable, kind: str, errcode: int
) -> None:
    sandbox = start("--account-kind", kind)
    openid = sandbox.add_user("a", subscribed=True)
    sandbox.send(openid, content="hi")
    menu = {"head_content": "?", "list": [{"id": "1", "content": "好"}], "tail_content": ""}
    body = {"touser": openid, "msgtype": "msgmenu", "msgmenu": menu}
    assert apis(sandbox).post("message/custom/send", body)["errcode"] == errcode


@pytest.mark.parametrize("kind", ["subscription", "subscription-verified", "service"])
def test_rule_20_location_is_reported_to_verified_service_accounts(
    start: Callable[..., Sandbox], kind: str
) -> None:
    sandbox = start("--account-kind", kind)
    with pytest.raises(AssertionError, match="no LOCATION reports"):
        sandbox.location(sandbox.add_user("a", subscribed=True))
