"""Binding a phone number, as somebody does it in WeChat: the home page's link, the number, the code from the
notification, bound; on SQLite and on Redis."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.conditions import until
from tests.conftest import RedisServer
from tests.launch import Bot, Sandbox, start_bot, start_sandbox

pytestmark = pytest.mark.browser


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def stage(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, Bot]]:
    env = {"BOT_SMS_SENDER": "sandbox", "BOT_API_TOKEN": "token-0123456789abcdef"}
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        env["BOT_STORE_URL"] = server.url
    with start_sandbox() as sandbox, start_bot(sandbox, env, save_callback=True) as bot:
        yield sandbox, bot


def test_binding_a_phone_number_in_wechat(
    stage: tuple[Sandbox, Bot], page: Page, tolerated: list[str]
) -> None:
    tolerated.append("422")  # the answer to a wrong code
    sandbox, bot = stage
    openid = str(sandbox.state()["users"][0]["openid"])
    sandbox.subscribe(openid)
    sandbox.call("PUT", f"users/{openid}/phone", {"phone": "+8613800138000"})
    page.goto(sandbox.url)
    web: FrameLocator = page.get_by_test_id("webview").frame_locator("iframe")
    page.evaluate("void 0")
    sandbox.send(openid, content=f"x {bot.url}/account")
    page.get_by_test_id("bubble").last.get_by_role("link").click()

    web.get_by_label("手机号").fill("138 0013 8000")
    web.get_by_role("button", name="获取验证码").click()
    expect(web.get_by_text("+86 138****8000")).to_be_visible()
    text = sandbox.call("GET", "sms")["messages"][-1]["text"]
    code = re.search(r"\d{6}", text)
    assert code
    wrong = f"{(int(code.group()) + 1) % 1_000_000:06d}"
    web.get_by_label("6 位验证码").fill(wrong)
    web.get_by_role("button", name="绑定").click()
    expect(web.get_by_role("alert")).to_contain_text("验证码不对")
    web.get_by_label("6 位验证码").fill(code.group())
    web.get_by_role("button", name="绑定").click()
    expect(web.get_by_role("heading", name="已绑定手机号")).to_be_visible()

    found = bot.http.post(
        f"{bot.url}/api/accounts/lookup",
        json={"phone": "+8613800138000"},
        headers={"Authorization": "Bearer token-0123456789abcdef"},
        timeout=60,
    )
    assert found.json()["openid"] == openid

    sure = web.get_by_role("button", name="确定解绑")
    expect(sure).to_be_hidden()
    web.get_by_text("解绑", exact=True).click()
    expect(sure).to_be_visible()
    lines = until(lambda: "\n".join(bot.output), lambda lines: "event=bound" in lines)
    for secret in ("13800138000", code.group()):
        assert secret not in lines

    sandbox.unsubscribe(openid)
    gone = bot.http.post(
        f"{bot.url}/api/accounts/lookup",
        json={"openid": openid},
        headers={"Authorization": "Bearer token-0123456789abcdef"},
        timeout=60,
    )
    assert gone.status_code == 404
