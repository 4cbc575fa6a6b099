"""What each kind of account may do (rule 20, protocol §10)."""

import pytest

from tests.launch import Sandbox

KINDS = ("subscription", "subscription-verified", "service", "service-verified", "test")
# Who may do what, in the order of KINDS; protocol §10, row by row.
ALL = (True, True, True, True, True)
MENU = (False, True, True, True, True)
VERIFIED_OR_TEST = (False, True, False, True, True)
VERIFIED = (False, True, False, True, False)
SERVICE_OR_TEST = (False, False, False, True, True)
CALLS = {
    "callback IPs": ("GET", "/cgi-bin/getcallbackip", ALL),
    "menu": ("GET", "/cgi-bin/menu/get", MENU),
    "menu, installing": ("POST", "/cgi-bin/menu/create", MENU),
    "menu of now": ("GET", "/cgi-bin/get_current_selfmenu_info", MENU),
    "conditional menu": ("POST", "/cgi-bin/menu/addconditional", VERIFIED_OR_TEST),
    "conditional menu, trying": ("POST", "/cgi-bin/menu/trymatch", VERIFIED_OR_TEST),
    "custom message": ("POST", "/cgi-bin/message/custom/send", VERIFIED_OR_TEST),
    "typing": ("POST", "/cgi-bin/message/custom/typing", VERIFIED_OR_TEST),
    "agents": ("GET", "/cgi-bin/customservice/getkflist", VERIFIED),
    "template message": ("POST", "/cgi-bin/message/template/send", SERVICE_OR_TEST),
    "templates": ("GET", "/cgi-bin/template/get_all_private_template", SERVICE_OR_TEST),
    "subscription notice": ("POST", "/cgi-bin/message/subscribe/bizsend", VERIFIED),
    "one-time subscription": ("POST", "/cgi-bin/message/template/subscribe", VERIFIED),
    "mass send": ("POST", "/cgi-bin/message/mass/sendall", (False,) * 5),
    "scene QR code": ("POST", "/cgi-bin/qrcode/create", SERVICE_OR_TEST),
    "shorten": ("POST", "/cgi-bin/shorten/gen", SERVICE_OR_TEST),
    "user info": ("GET", "/cgi-bin/user/info", VERIFIED_OR_TEST),
    "user list": ("GET", "/cgi-bin/user/get", VERIFIED_OR_TEST),
    "remark": ("POST", "/cgi-bin/user/info/updateremark", VERIFIED_OR_TEST),
    "tags": ("GET", "/cgi-bin/tags/get", VERIFIED_OR_TEST),
    "blacklist": ("POST", "/cgi-bin/tags/members/getblacklist", VERIFIED_OR_TEST),
    "media": ("GET", "/cgi-bin/media/get", VERIFIED_OR_TEST),
    "material": ("GET", "/cgi-bin/material/get_materialcount", VERIFIED_OR_TEST),
    "jsapi ticket": ("GET", "/cgi-bin/ticket/getticket", ALL),
}
JSSDK = {
    "checkJsApi": ALL,
    "chooseImage": ALL,
    "startRecord": ALL,
    "getNetworkType": ALL,
    "getLocation": ALL,
    "scanQRCode": ALL,
    "hideMenuItems": ALL,
    "updateAppMessageShareData": VERIFIED_OR_TEST,
    "updateTimelineShareData": VERIFIED_OR_TEST,
    "onMenuShareTimeline": VERIFIED_OR_TEST,
    "chooseCard": (False, False, False, True, False),
    "chooseWXPay": (False, False, False, True, False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rule_20_the_matrix_of_rights(sandbox: Sandbox, api, kind: str) -> None:
    """Whatever else is wrong with an empty call, a missing right is told first."""
    sandbox.settings(kind=kind)
    for name, (method, path, rights) in CALLS.items():
        answer = api.raw(method, path, params={"access_token": api.token}).json()
        assert (answer.get("errcode") != 48001) is rights[KINDS.index(kind)], name


@pytest.mark.parametrize("kind", KINDS)
def test_rule_20_what_pages_may_call(sandbox: Sandbox, kind: str) -> None:
    sandbox.settings(kind=kind)
    body = {"url": "http://127.0.0.1/", "jsApiList": list(JSSDK)}
    denied = sandbox.call("POST", "jssdk/config", body)["denied"]
    assert denied == [name for name, rights in JSSDK.items() if not rights[KINDS.index(kind)]]


@pytest.mark.parametrize("kind", KINDS)
def test_rule_20_web_authorization(sandbox: Sandbox, kind: str) -> None:
    sandbox.settings(kind=kind)
    link = (
        "http://x/connect/oauth2/authorize?appid=wx5a5b5c5d5e5f5051&response_type=code"
        "&scope=snsapi_base&redirect_uri=http%3A%2F%2F127.0.0.1%2F"
    )
    result = sandbox.authorize(sandbox.add_user("a", subscribed=True), link)
    assert result.get("page_error") == (None if SERVICE_OR_TEST[KINDS.index(kind)] else 10005)


@pytest.mark.parametrize(("kind", "errcode"), [("subscription-verified", 40200), ("test", 40200)])
def test_rule_20_msgmenu_is_for_verified_service_accounts(
    sandbox: Sandbox, api, kind: str, errcode: int
) -> None:
    sandbox.settings(kind=kind)
    openid = sandbox.add_user("a", subscribed=True)
    sandbox.send(openid, content="hi")
    menu = {"head_content": "?", "list": [{"id": "1", "content": "好"}], "tail_content": ""}
    body = {"touser": openid, "msgtype": "msgmenu", "msgmenu": menu}
    assert api.post("message/custom/send", body)["errcode"] == errcode


@pytest.mark.parametrize("kind", ["subscription", "subscription-verified", "service"])
def test_rule_20_location_is_reported_to_verified_service_accounts(sandbox: Sandbox, kind: str) -> None:
    sandbox.settings(kind=kind)
    with pytest.raises(AssertionError, match="no LOCATION reports"):
        sandbox.location(sandbox.add_user("a", subscribed=True))
