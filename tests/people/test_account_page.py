"""/account by HTTP: silent authorization -> openid -> phone -> code by SMS -> bound; and all that
can go wrong. On both stores."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.conftest import Clock, RedisServer, Served
from tests.launch import Sandbox
from tests.oauth.visitor import Phone, form_of, query
from tests.visiting import WECHAT, Later, MakePhone, Serve, facts, menu_link

pytestmark = pytest.mark.slow

NUMBER, OTHER = "+8613800138000", "+8613900139000"


@pytest.fixture
def site(serve: Serve, store_url: str) -> Served:
    return serve(store_url=store_url)


@pytest.fixture
def here(serve: Serve) -> Served:
    """For what is no matter of the store."""
    return serve()


@pytest.fixture
def wait(request: pytest.FixtureRequest, later: Later) -> Later:
    """Time passes for Redis too."""

    def advance(seconds: float) -> None:
        later(seconds)
        if "redis" in request.node.name:
            server: RedisServer = request.getfixturevalue("redis_server")
            for key in server.client.scan_iter():
                left = int(server.client.pttl(key))
                if left >= 0:
                    server.client.pexpire(key, max(0, int(left - seconds * 1000)))

    return advance


def last_code(weixin: Sandbox) -> str:
    found = re.search(r"\d{6}", weixin.call("GET", "sms")["messages"][-1]["text"])
    assert found
    return found.group()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def ask(site: Served, phone: Phone, number: str = NUMBER) -> requests.Response:
    """Fill in the number."""
    page = phone.visit(site.url + "/account")
    return phone.submit(page, phone=number, do="send")


def bind(site: Served, phone: Phone, weixin: Sandbox, number: str = NUMBER) -> requests.Response:
    page = phone.follow(ask(site, phone, number))
    return phone.submit(page, code=last_code(weixin), do="verify")


def test_the_whole_way(
    site: Served, people: MakePhone, weixin: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    phone = people()
    assert query(phone.to_authorize(site.url + "/account"))["scope"] == "snsapi_base", "nobody is asked"
    page = phone.follow(ask(site, phone, "１３８ 0013 8000"))
    assert "+86 138****8000" in page.text
    (message,) = weixin.call("GET", "sms")["messages"]
    assert message["phone"] == NUMBER
    page = phone.follow(phone.submit(page, code=last_code(weixin), do="verify"))
    assert "+86 138****8000" in page.text
    assert "已绑定手机号" in page.text
    assert site.parts.site.account.people.bindings.of(phone.openid).phone == NUMBER  # type: ignore[union-attr]
    events = [fact["event"] for fact in facts(log, "bot.audit")]
    assert events == ["login", "login", "code-sent", "bound"] or events == ["login", "code-sent", "bound"]
    everything = "\n".join(str(record.__dict__) for record in log.records)
    for secret in (NUMBER, "13800138000", last_code(weixin), site.config.secret_key):
        assert secret not in everything


def test_a_bound_visitor_comes_back_to_where_they_wanted_to_go(
    site: Served, people: MakePhone, weixin: Sandbox
) -> None:
    phone = people()
    page = phone.visit(site.url + "/account?to=%2Flogout")
    page = phone.follow(phone.submit(page, phone=NUMBER, do="send"))
    answer = phone.submit(page, code=last_code(weixin), do="verify")
    assert (answer.status_code, answer.headers["Location"]) == (303, site.url + "/logout")


def test_a_second_tap_on_the_button_goes_on_as_the_first(
    site: Served, people: MakePhone, weixin: Sandbox, wait: Later
) -> None:
    phone = people()
    page = phone.visit(site.url + "/account?to=%2Flogout")
    page = phone.follow(phone.submit(page, phone=NUMBER, do="send"))
    code = last_code(weixin)
    answers = [phone.submit(page, code=code, do="verify") for _ in range(2)]
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [
        (303, site.url + "/logout")
    ] * 2
    wait(11)
    assert phone.submit(page, code=code, do="verify").status_code == 422


@pytest.mark.parametrize("typed", [lambda code: " ".join(code), lambda code: f" {code[:3]} {code[3:]} "])
def test_a_code_is_taken_as_people_type_it(
    here: Served, people: MakePhone, weixin: Sandbox, typed: Callable[[str], str]
) -> None:
    phone = people()
    page = phone.follow(ask(here, phone))
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    answer = phone.submit(page, code=typed(last_code(weixin).translate(wide)), do="verify")
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "/%2F/evil", "x", ""]
)
def test_it_goes_nowhere_else(here: Served, people: MakePhone, weixin: Sandbox, to: str) -> None:
    phone = people()
    page = phone.visit(
        here.url + "/account?" + requests.models.RequestEncodingMixin._encode_params({"to": to})
    )
    page = phone.follow(phone.submit(page, phone=NUMBER, do="send"))
    answer = phone.submit(page, code=last_code(weixin), do="verify")
    assert answer.headers["Location"].startswith(here.url + "/")
    assert "evil" not in answer.headers["Location"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("123", "不是一个手机号"),
        ("010-62345678", "座机"),
        ("+1 202-456-1111", "暂时只支持这些国家和地区的手机号：+86 (CN)。"),
        ("", "不是一个手机号"),
    ],
)
def test_a_number_that_cannot_be_bound_is_explained_and_stays_in_the_field(
    here: Served, people: MakePhone, weixin: Sandbox, number: str, words: str
) -> None:
    answer = ask(here, people(), number)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{number}"' in answer.text
    assert weixin.call("GET", "sms")["messages"] == []


def test_a_wrong_code_five_times_and_the_right_one_is_too_late(
    site: Served, people: MakePhone, weixin: Sandbox
) -> None:
    phone = people()
    page = phone.follow(ask(site, phone))
    code = last_code(weixin)
    for _ in range(4):
        answer = phone.submit(page, code=wrong(code), do="verify")
        assert "验证码不对" in answer.text
    assert "错了太多次" in phone.submit(page, code=wrong(code), do="verify").text
    assert phone.submit(page, code=code, do="verify").status_code == 422
    assert site.parts.site.account.people.bindings.of(phone.openid) is None


def test_a_late_code_is_expired(site: Served, people: MakePhone, weixin: Sandbox, wait: Later) -> None:
    phone = people()
    page = phone.follow(ask(site, phone))
    wait(301)
    answer = phone.submit(page, code=last_code(weixin), do="verify")
    assert answer.status_code == 422
    assert "过期" in answer.text


def test_a_second_message_within_a_minute_is_refused_with_words(
    site: Served, people: MakePhone, weixin: Sandbox, wait: Later
) -> None:
    phone = people()
    page = phone.follow(ask(site, phone))
    again = phone.submit(page, phone=NUMBER, do="send")
    assert again.status_code == 422
    assert "请过 60 秒再试" in again.text
    wait(18)
    again = phone.submit(page, phone=NUMBER, do="send")
    assert "请过 42 秒再试" in again.text
    assert '<span id="seconds">42</span> 秒后可以重发' in again.text
    wait(42)
    assert phone.submit(page, phone=NUMBER, do="send").status_code == 303
    assert len(weixin.call("GET", "sms")["messages"]) == 2


def test_another_number_can_be_chosen_instead(here: Served, people: MakePhone, weixin: Sandbox) -> None:
    phone = people()
    page = phone.follow(ask(here, phone))
    page = phone.follow(phone.submit(page, do="cancel"))
    assert 'name="phone" type="tel"' in page.text


def test_of_two_who_bind_one_number_at_once_one_wins_and_the_other_reads_why(
    site: Served, people: MakePhone, weixin: Sandbox, wait: Later
) -> None:
    first, second = people("小红"), people("小明")
    one = first.follow(ask(site, first))
    first_code = last_code(weixin)
    wait(61)
    two = second.follow(ask(site, second))
    second_code = last_code(weixin)
    with ThreadPoolExecutor(2) as pool:
        answers = [
            pool.submit(first.submit, one, code=first_code, do="verify"),
            pool.submit(second.submit, two, code=second_code, do="verify"),
        ]
        said = [answer.result() for answer in answers]
    assert sorted(answer.status_code for answer in said) == [303, 422]
    (loser,) = [answer for answer in said if answer.status_code == 422]
    assert "已经绑定了另一个微信" in loser.text
    bindings = site.parts.site.account.people.bindings
    assert [bindings.of(phone.openid) is None for phone in (first, second)].count(True) == 1


def test_a_taken_number_is_not_betrayed_before_its_code(
    site: Served, people: MakePhone, weixin: Sandbox, wait: Later
) -> None:
    """Who cannot read the number's messages does not learn that somebody has bound it."""
    bind(site, people("小红"), weixin)
    wait(61)
    assert ask(site, people("小明")).status_code == 303


def test_changing_the_phone(site: Served, people: MakePhone, weixin: Sandbox, wait: Later) -> None:
    phone = people()
    bind(site, phone, weixin)
    wait(61)
    page = phone.visit(site.url + "/account?change=1")
    assert "验证新号码之后才会换" in page.text
    page = phone.follow(phone.submit(page, phone=OTHER, do="send"))
    bindings = site.parts.site.account.people.bindings
    assert bindings.of(phone.openid).phone == NUMBER, "until the code is there"  # type: ignore[union-attr]
    phone.submit(page, code=last_code(weixin), do="verify")
    assert bindings.of(phone.openid).phone == OTHER  # type: ignore[union-attr]
    assert bindings.of_phone(NUMBER) is None


def test_a_number_under_way_can_be_given_up_for_the_bound_one(
    here: Served, people: MakePhone, weixin: Sandbox, later: Later
) -> None:
    phone = people()
    assert "不换了" not in phone.follow(ask(here, phone)).text, "nothing is bound yet"
    later(61)
    bind(here, phone, weixin)
    later(61)
    page = phone.follow(phone.submit(phone.visit(here.url + "/account?change=1"), phone=OTHER, do="send"))
    assert "+86 139****9000" in page.text
    assert "不换了，保留 +86 138****8000" in page.text
    kept = phone.follow(phone.submit(page, do="keep"))
    assert kept.url == here.url + "/account"
    assert "已绑定手机号" in kept.text
    assert "+86 138****8000" in kept.text
    assert phone.submit(page, code=last_code(weixin), do="verify").status_code == 422, "its code is void"


@pytest.mark.browser
def test_a_browser_takes_a_code_as_people_type_it_and_counts_until_the_next(
    here: Served, people: MakePhone, weixin: Sandbox, browser: Browser
) -> None:
    context = browser.new_context(locale="zh-CN", user_agent=WECHAT)
    context.add_cookies([{"name": "sandbox_user", "value": people().openid, "url": weixin.url}])
    page = context.new_page()
    page.clock.install()
    page.goto(here.url + "/account")
    page.get_by_label("手机号").fill("13800138000")
    page.get_by_role("button", name="获取验证码").click()
    again = page.get_by_role("button", name="重发一条")
    expect(again).to_be_disabled()
    page.clock.run_for(15_000)
    expect(page.locator("#wait")).to_have_text(re.compile("^没收到？([1-3][0-9]|4[0-5]) 秒后可以重发。$"))
    page.clock.run_for(45_000)
    expect(again).to_be_enabled()
    expect(page.locator("#wait")).to_be_hidden()
    code = last_code(weixin).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    page.get_by_label("6 位验证码").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="绑定").click()
    expect(page.get_by_role("heading", name="已绑定手机号")).to_be_visible()
    context.close()


def test_unbinding(site: Served, people: MakePhone, weixin: Sandbox, log: pytest.LogCaptureFixture) -> None:
    phone = people()
    page = phone.follow(bind(site, phone, weixin))
    page = phone.follow(phone.submit(page, do="unbind"))
    assert "绑定手机号" in page.text
    assert site.parts.site.account.people.bindings.of_phone(NUMBER) is None
    assert facts(log, "bot.audit")[-1] == {
        "event": "unbound", "openid": phone.openid, "phone": "+86 138****8000",
        "address": phone.http.headers["X-Forwarded-For"],
    }  # fmt: skip


def test_who_unsubscribes_is_forgotten_and_may_come_back(
    site: Served, people: MakePhone, weixin: Sandbox, wait: Later
) -> None:
    weixin.set_callback(site.url + "/wechat")
    phone = people()
    bind(site, phone, weixin)
    session = dict(phone.http.cookies)
    weixin.unsubscribe(phone.openid)
    bindings = site.parts.site.account.people.bindings
    assert bindings.of(phone.openid) is bindings.of_phone(NUMBER) is None
    stolen = requests.get(site.url + "/account", cookies=session, allow_redirects=False, timeout=60)
    assert stolen.status_code == 302, "every session is over"
    weixin.subscribe(phone.openid)
    wait(61)
    assert bind(site, phone, weixin).status_code == 303
    assert bindings.of(phone.openid).phone == NUMBER  # type: ignore[union-attr]


def test_a_sender_that_fails_is_a_page_that_says_so(
    here: Served, people: MakePhone, weixin: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    phone = people()
    page = phone.visit(here.url + "/account")
    sender = here.parts.site.account.people.codes._sender
    sender._url = "http://127.0.0.1:9/"  # type: ignore[union-attr]
    answer = phone.submit(page, phone=NUMBER, do="send")
    assert answer.status_code == 502
    assert "短信没有发出去" in answer.text
    assert "13800138000" not in log.text


def test_without_a_sender_the_page_says_so(serve: Serve, people: MakePhone) -> None:
    site = serve(sms_sender="none")
    page = people().visit(site.url + "/account")
    assert page.status_code == 200
    assert "还没有开通短信" in page.text


# -- who may


def test_a_menu_link_does_not_prove_enough_and_costs_one_more_silent_round(
    here: Served, people: MakePhone
) -> None:
    phone = people()
    answer = phone.open(phone.agree(menu_link(here, "/account", "snsapi_base")))
    again = phone.to_authorize(answer.headers["Location"])
    assert query(again)["scope"] == "snsapi_base"
    assert phone.visit(phone.agree(again)).status_code == 200


def test_a_browser_without_cookies_is_told_so(here: Served, people: MakePhone) -> None:
    answer = people(keeps_cookies=False).visit(here.url + "/account")
    assert answer.status_code == 403
    assert "Cookie" in answer.text
    assert 'class="button"' in answer.text


def test_a_preview_visitor_may_not(here: Served, people: MakePhone) -> None:
    phone = people(subscribed=False)  # WeChat shows no preview to whom it lets in silently
    link = phone.to_authorize(here.url + "/").replace("#", "&forceSnapShot=true#")
    phone.visit(phone.agree(link))
    answer = phone.visit(here.url + "/account")
    assert answer.status_code == 403
    assert "快照页" in answer.text
    assert f'href="{here.url}/account?ask=1"' in answer.text
    assert phone.visit(here.url + "/account?ask=1").status_code == 200, "after “full service” they may"


def test_an_old_login_is_proven_anew_silently(site: Served, people: MakePhone, wait: Later) -> None:
    phone = people()
    phone.visit(site.url + "/account")
    wait(1801)
    assert query(phone.to_authorize(site.url + "/account"))["scope"] == "snsapi_base"


def test_on_a_pc_a_stranger_goes_to_the_login_page(here: Served, pc: Callable[..., requests.Session]) -> None:
    answer = pc().get(here.url + "/account", allow_redirects=False, timeout=60)
    assert answer.headers["Location"] == here.url + "/login?to=%2Faccount"


# -- forms of others


def forged(page: requests.Response) -> tuple[str, dict[str, str]]:
    _, hidden = form_of(page.text, "phone")
    return page.url, hidden | {"phone": NUMBER, "do": "send"}


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"token": "0" * 40},
        {"token": "é"},
        {"headers": {"Origin": "https://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
    ],
    ids=str,
)
def test_a_form_that_is_not_ours_does_nothing(
    here: Served, people: MakePhone, weixin: Sandbox, change: dict[str, Any]
) -> None:
    phone = people()
    url, fields = forged(phone.visit(here.url + "/account"))
    if "token" in change:
        fields["form_token"] = change["token"]
    answer = phone.send(url, fields, **change.get("headers", {}))
    assert answer.status_code == 403
    assert "表单已经失效" in answer.text
    assert 'class="button"' in answer.text
    assert weixin.call("GET", "sms")["messages"] == []


def test_another_sessions_token_is_no_good(here: Served, people: MakePhone, weixin: Sandbox) -> None:
    mine, theirs = people("小红"), people("小明")
    _, fields = forged(theirs.visit(here.url + "/account"))
    page = mine.visit(here.url + "/account")
    assert mine.send(page.url, fields).status_code == 403
    assert weixin.call("GET", "sms")["messages"] == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
        (b"a=" + b"x" * 20000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(99)), "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
def test_what_is_no_form_is_refused_with_a_page(
    here: Served, people: MakePhone, body: bytes, kind: str, status: int
) -> None:
    phone = people()
    phone.visit(here.url + "/account")
    answer = phone.http.post(
        here.url + "/account",
        data=body,
        headers={"Content-Type": kind},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == status
    assert "表单已经失效" in answer.text


def test_a_doubled_submit_binds_once(site: Served, people: MakePhone, weixin: Sandbox, now: Clock) -> None:
    phone = people()
    page = phone.follow(ask(site, phone))
    code = last_code(weixin)
    with ThreadPoolExecutor(2) as pool:
        said = [pool.submit(phone.submit, page, code=code, do="verify") for _ in range(2)]
        statuses = sorted(answer.result().status_code for answer in said)
    assert statuses in ([303, 422], [303, 303])
    assert site.parts.site.account.people.bindings.of(phone.openid).phone == NUMBER  # type: ignore[union-attr]
