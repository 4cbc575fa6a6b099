"""/login by the account's own QR code, by HTTP: a PC, a phone, and all that a third party may try."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Route, expect
from playwright.sync_api import Page as Tab

from bot.people import open_people
from bot.site.login import status as login_page
from bot.store import open_store
from bot.store.limits import Limits
from tests.conditions import until
from tests.conftest import APP_ID, Clock, MakeConfig, RedisServer, Served
from tests.launch import PATIENCE, Sandbox
from tests.oauth.visitor import Phone, form_of
from tests.visiting import PC, Later, MakePhone, Serve, facts

MakePc = Callable[..., requests.Session]


@pytest.fixture
def site(serve: Serve, weixin: Sandbox) -> Served:
    site = serve()
    weixin.set_callback(site.url + "/wechat")
    return site


def status(site: Served, pc: requests.Session) -> str:
    return str(pc.get(site.url + "/login/status", timeout=60).json()["status"])


def begin(site: Served, pc: requests.Session, weixin: Sandbox, to: str = "/account") -> str:
    """Open the login page; the scene of its QR code."""
    page = pc.get(site.url + "/login", params={"to": to}, timeout=60)
    assert page.status_code == 200
    assert "<svg" in page.text
    return str(weixin.state()["qr_codes"][-1]["scene"])


def scan(phone: Phone, weixin: Sandbox, scene: str) -> str:
    """Scan it; the link that the chat shows, or what it says instead."""
    (shown,) = weixin.scan(phone.openid, scene=scene)["shown"]
    found = re.search(r'href="([^"]+)"', shown["content"])
    return unescape(found.group(1)) if found else str(shown["content"])


def answer(phone: Phone, link: str, word: str = "yes") -> requests.Response:
    page = phone.visit(link)
    assert page.status_code == 200, page.text
    return phone.follow(phone.submit(page, answer=word))


def test_the_whole_way(
    site: Served,
    people: MakePhone,
    pc: MakePc,
    weixin: Sandbox,
    later: Later,
    log: pytest.LogCaptureFixture,
) -> None:
    computer, phone = pc(), people("小明")
    before = dict(computer.cookies)
    scene = begin(site, computer, weixin)
    assert status(site, computer) == "waiting"
    link = scan(phone, weixin, scene)
    assert link == f"{site.url}/login/confirm?id={scene.removeprefix('login-')}"
    assert status(site, computer) == "scanned"
    page = phone.visit(link)
    for words in ("Chrome · Windows", "203.0.113.7", "不在同一个网络", "刚刚", "小明"):
        assert words in page.text
    later(200)
    page = phone.visit(link)
    assert "3 分钟前" in page.text
    assert "已确认" in phone.follow(phone.submit(page, answer="yes")).text
    assert status(site, computer) == "confirmed"
    done = computer.get(site.url + "/login", allow_redirects=False, timeout=60)
    assert done.headers["Location"] == site.url + "/account"
    assert computer.cookies["session"] != before.get("session")
    account = computer.get(site.url + "/account", timeout=60)
    assert "绑定手机号" in account.text
    assert "小明" in computer.get(site.url + "/", timeout=60).text
    events = [(fact["event"], fact.get("way")) for fact in facts(log, "bot.audit")]
    assert ("login-confirmed", None) in events
    assert events[-1] == ("login", "scene")
    assert not [record for record in log.records if scene.removeprefix("login-") in str(record.__dict__)]


def test_a_stranger_follows_thereby_and_logs_in(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone = pc(), people("小红", subscribed=False)
    link = scan(phone, weixin, begin(site, computer, weixin))
    answer(phone, link)
    assert status(site, computer) == "confirmed"


def test_the_phone_says_no(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    computer, phone = pc(), people()
    link = scan(phone, weixin, begin(site, computer, weixin))
    assert "已拒绝" in answer(phone, link, "no").text
    assert status(site, computer) == "refused"
    page = computer.get(site.url + "/login?to=/account", timeout=60)
    assert 'data-status="refused"' in page.text
    assert "session" not in computer.cookies
    assert facts(log, "bot.audit")[-1]["event"] == "login-refused"


def test_a_login_expires_and_can_be_renewed(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, later: Later
) -> None:
    computer, phone = pc(), people()
    scene = begin(site, computer, weixin)
    page = computer.get(site.url + "/login?to=/account", timeout=60)
    assert weixin.state()["qr_codes"][-1]["scene"] == scene, "a reload costs no new code"
    later(301)
    assert status(site, computer) == "none"
    _, hidden = form_of(page.text, "to")
    renewed = computer.post(site.url + "/login", data=hidden, allow_redirects=False, timeout=60)
    assert renewed.headers["Location"] == site.url + "/login?to=%2Faccount"
    new = weixin.state()["qr_codes"][-1]["scene"]
    assert new != scene
    answer(phone, scan(phone, weixin, new))
    assert status(site, computer) == "confirmed"


def test_an_old_code_says_so_in_the_chat(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone = pc(), people()
    old = begin(site, computer, weixin)
    _, hidden = form_of(computer.get(site.url + "/login?to=/account", timeout=60).text, "to")
    computer.post(site.url + "/login", data=hidden, allow_redirects=False, timeout=60)
    assert "已经失效" in scan(phone, weixin, old)
    assert status(site, computer) == "waiting"


@pytest.mark.browser
def test_a_browser_sees_its_code_expire_and_gets_a_new_one(
    site: Served, browser: Browser, weixin: Sandbox, later: Later
) -> None:
    context = browser.new_context(locale="zh-CN", user_agent=PC)
    page = context.new_page()
    page.goto(site.url + "/login")
    card = page.locator("#login")
    expect(card).to_have_attribute("data-status", "waiting")
    before = card.bounding_box()
    later(301)
    page.wait_for_url("**&wait=2")  # the page looks a second time before it says so
    expect(card).to_have_attribute("data-status", "none")
    expect(page.get_by_text("二维码已过期")).to_be_visible()
    assert card.bounding_box() == before, "nothing has moved"
    version = card.get_attribute("data-version")
    page.get_by_role("button", name="换一个二维码").click()
    expect(card).to_have_attribute("data-status", "waiting")
    assert card.get_attribute("data-version") != version
    context.close()


def agree(phone: Phone, link: str, goals: dict[Tab, str]) -> None:
    """Confirm the login on the phone, and wait until each of the two tabs shows its goal.

    Both tabs hear of the login at the same moment. The second tab needs the cookies that the first one gets,
    and waits only one second for them. So this function holds back its request until the first tab has them.
    """
    (one, goal), (other, other_goal) = goals.items()
    looks: list[Route] = []
    other.route("**&wait=1", lambda route: looks.append(route))
    answer(phone, link)
    one.wait_for_url(goal)
    until(lambda: other.title() and looks)
    looks[0].continue_()
    other.wait_for_url(other_goal)


@pytest.mark.browser
def test_two_tabs_share_a_code_and_each_goes_its_own_way(
    site: Served, browser: Browser, people: MakePhone, weixin: Sandbox
) -> None:
    phone = people("小明")
    context = browser.new_context(locale="zh-CN", user_agent=PC)
    one, other = context.new_page(), context.new_page()
    one.goto(site.url + "/account")
    other.goto(site.url + "/logout")
    other.goto(site.url + "/login?to=%2Flogout%3Fa%3D1%26b%3D2")
    codes = weixin.state()["qr_codes"]
    link = scan(phone, weixin, str(codes[-1]["scene"]))
    for tab in (one, other):
        expect(tab.locator("#login")).to_have_attribute("data-status", "scanned")
    assert len(weixin.state()["qr_codes"]) == len(codes) == 1
    agree(phone, link, {one: site.url + "/account", other: site.url + "/logout?a=1&b=2"})
    assert len(weixin.state()["qr_codes"]) == 1
    context.close()


@pytest.mark.browser
def test_a_tab_goes_on_after_a_refusal_when_another_one_logs_in(
    site: Served, browser: Browser, people: MakePhone, weixin: Sandbox
) -> None:
    phone = people("小明")
    context = browser.new_context(locale="zh-CN", user_agent=PC)
    one, other = context.new_page(), context.new_page()
    one.goto(site.url + "/account")
    other.goto(site.url + "/login?to=/logout")
    answer(phone, scan(phone, weixin, str(weixin.state()["qr_codes"][-1]["scene"])), "no")
    for tab in (one, other):
        expect(tab.locator("#login")).to_have_attribute("data-status", "refused")
    one.get_by_role("button", name="换一个二维码").click()
    for tab in (one, other):
        expect(tab.locator("#login")).to_have_attribute("data-status", "waiting")
    link = scan(phone, weixin, str(weixin.state()["qr_codes"][-1]["scene"]))
    agree(phone, link, {one: site.url + "/account", other: site.url + "/logout"})
    context.close()


def test_a_page_left_open_makes_no_codes(site: Served, pc: MakePc, weixin: Sandbox, later: Later) -> None:
    computer = pc()
    begin(site, computer, weixin)
    later(301)
    page = computer.get(site.url + "/login?to=%2Faccount&wait=1", timeout=60)
    assert 'data-status="none"' in page.text
    assert "换一个二维码" in page.text
    assert "http-equiv" not in page.text
    assert weixin.state()["qr_codes"] == [], "the old one has lapsed, and there is no other"


def test_a_browser_without_cookies_is_told_so_and_costs_no_code(
    site: Served, pc: MakePc, weixin: Sandbox
) -> None:
    computer, url = pc(), site.url + "/account"
    for _ in range(4):
        computer.cookies.clear()
        page = computer.get(url, allow_redirects=False, timeout=60)
        url = page.headers.get("Location", "")
        if not url:
            break
    assert page.status_code == 403
    assert "浏览器没有保存 Cookie" in page.text
    assert 'href="/login?to=%2Faccount"' in page.text, "the way on, once cookies are allowed"
    _, hidden = form_of(pc().get(site.url + "/login", timeout=60).text, "to")
    codes = len(weixin.state()["qr_codes"])
    assert computer.post(site.url + "/login", data=hidden, timeout=60).status_code == 403  # has none to show
    assert len(weixin.state()["qr_codes"]) == codes == 1, "that of the browser with cookies"


@pytest.mark.browser
def test_where_cookies_are_blocked_the_login_page_says_so(
    site: Served, without_cookies: BrowserContext, weixin: Sandbox
) -> None:
    page = without_cookies.new_page()
    page.goto(site.url + "/account")
    for _ in range(2):
        with page.expect_navigation():
            page.get_by_role("link", name="重新打开").click()
        expect(page.get_by_role("heading", name="浏览器没有保存 Cookie")).to_be_visible()
    assert weixin.state()["qr_codes"] == []


def test_an_old_login_is_not_offered_as_a_way_on(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, later: Later
) -> None:
    computer, phone = pc(), people("小明")
    answer(phone, scan(phone, weixin, begin(site, computer, weixin)))
    computer.get(site.url + "/login", timeout=60)
    assert ">继续</a>" in computer.get(site.url + "/login?to=/account", timeout=60).text
    later(1900)
    page = computer.get(site.url + "/account", timeout=60)
    assert page.url.startswith(site.url + "/login")
    assert "请再确认一次是你本人" in page.text
    assert "继续" not in page.text
    assert "直接打开" not in page.text, "that is for WeChat's own browser"


# -- what a third party may try


def test_a_code_sent_to_a_victim_logs_nobody_in_who_did_not_agree(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    """The victim scans the attacker's code, reads whose browser it is, and closes the page."""
    attacker, victim = pc("198.51.100.66"), people("小红")
    page = victim.visit(scan(victim, weixin, begin(site, attacker, weixin)))
    assert "198.51.100.66" in page.text
    assert "不在同一个网络" in page.text
    assert "别人发来的二维码，请拒绝：一旦确认，登录的就是别人" in page.text
    assert 'class="button second" name="answer" value="yes"' in page.text, "a yes is not what stands out"
    attacker.get(site.url + "/login", timeout=60)
    assert "session" not in attacker.cookies
    assert status(site, attacker) == "scanned"


def test_opening_the_link_confirms_nothing_and_neither_does_a_forged_form(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone = pc(), people()
    link = scan(phone, weixin, begin(site, computer, weixin))
    page = phone.visit(link)
    _, hidden = form_of(page.text, "answer")
    assert phone.send(link, {"answer": "yes"}).status_code == 403
    assert phone.send(link, hidden | {"answer": "yes"}, Origin="https://evil.example").status_code == 403
    assert status(site, computer) == "scanned"


def test_a_confirmed_login_is_the_asking_browsers_and_good_once(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, thief, phone = pc(), pc("198.51.100.66"), people()
    answer(phone, scan(phone, weixin, begin(site, computer, weixin)))
    begin(site, thief, weixin)
    assert status(site, thief) == "waiting"
    assert "session" not in thief.cookies
    with ThreadPoolExecutor(4) as pool:
        cookie = {"browser": computer.cookies["browser"]}

        def finish(_: int) -> bool:
            answer = requests.get(site.url + "/login", cookies=cookie, allow_redirects=False, timeout=60)
            return "session" in answer.cookies

        assert sorted(pool.map(finish, range(4))) == [False, False, False, True]


def test_only_who_scanned_may_confirm(site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox) -> None:
    computer, one, other = pc(), people("小红"), people("小明")
    scene = begin(site, computer, weixin)
    link = scan(one, weixin, scene)
    page = other.visit(link)
    assert page.status_code == 410
    assert "不是你扫的" in page.text
    assert "已经失效，或者已经被别人扫过" in scan(other, weixin, scene)
    _, hidden = form_of(one.visit(link).text, "answer")
    assert other.send(link, hidden | {"answer": "yes"}).status_code == 403
    assert status(site, computer) == "scanned"
    assert "已经失效" not in scan(one, weixin, scene), "the same person may scan again"


def test_a_link_that_nobody_scanned_is_nothing(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone = pc(), people()
    scene = begin(site, computer, weixin)
    for login_id in (scene.removeprefix("login-"), "", "x" * 5000, "é", "../.."):
        answer = phone.visit(site.url + "/login/confirm?" + requests.compat.urlencode({"id": login_id}))
        assert answer.status_code == 410


def test_a_doubled_confirmation_and_a_late_refusal_change_nothing(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone = pc(), people()
    link = scan(phone, weixin, begin(site, computer, weixin))
    page = phone.visit(link)
    assert "已确认" in phone.follow(phone.submit(page, answer="yes")).text
    assert "已确认" in phone.follow(phone.submit(page, answer="yes")).text
    assert "已确认" in phone.follow(phone.submit(page, answer="no")).text
    assert status(site, computer) == "confirmed"


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example/", "/%5Cevil", "\t/x", "x"]
)
def test_no_login_leads_to_another_site(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, to: str
) -> None:
    computer, phone = pc(), people()
    answer(phone, scan(phone, weixin, begin(site, computer, weixin, to)))
    done = computer.get(site.url + "/login", params={"to": to}, allow_redirects=False, timeout=60)
    assert done.headers["Location"] == site.url + "/"


def test_a_forged_host_or_address_changes_nothing(
    serve: Serve, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    site = serve(trusted_proxies="")
    weixin.set_callback(site.url + "/wechat")
    computer, phone = pc(), people()
    computer.headers.update({"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    link = scan(phone, weixin, begin(site, computer, weixin))
    assert link.startswith(site.url)
    page = phone.visit(link)
    assert "203.0.113.7" not in page.text, "X-Forwarded-For of nobody's proxy"
    assert "127.0.0.1" in page.text


# -- other trouble


def test_an_account_that_may_not_make_codes_says_so(
    site: Served, pc: MakePc, weixin: Sandbox, log: pytest.LogCaptureFixture
) -> None:
    weixin.faults([{"path": "/cgi-bin/qrcode/create", "errcode": 48001}])
    page = pc().get(site.url + "/login", timeout=60)
    assert page.status_code == 502
    assert "不能生成二维码" in page.text


def test_wechat_being_down_is_a_page_with_a_way_on(site: Served, pc: MakePc, weixin: Sandbox) -> None:
    weixin.faults([{"path": "/cgi-bin/qrcode/create", "drop": True}])
    page = pc().get(site.url + "/login?to=/account", timeout=60)
    assert page.status_code == 502
    assert "再试一次" in page.text


def test_one_ipv6_network_is_one_network_and_no_reason_to_say_yes(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone = pc("2001:db8:1:2::10"), people()
    phone.http.headers["X-Forwarded-For"] = "2001:db8:1:2::20"
    page = phone.visit(scan(phone, weixin, begin(site, computer, weixin)))
    assert "和你的手机在同一个网络" in page.text
    assert 'class="problem"' not in page.text
    assert 'class="button second" name="answer" value="yes"' in page.text
    statuses = [
        pc(f"2001:db8:9:9::{number}").get(site.url + "/login", timeout=60).status_code for number in range(21)
    ]
    assert statuses == [200] * 20 + [429]


def test_codes_are_limited_by_address(site: Served, pc: MakePc, weixin: Sandbox) -> None:
    statuses = [pc("198.51.100.1").get(site.url + "/login", timeout=60).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert pc("198.51.100.2").get(site.url + "/login", timeout=60).status_code == 200


def test_it_can_be_switched_off(serve: Serve, pc: MakePc) -> None:
    site = serve(login_way="off")
    assert pc().get(site.url + "/login", timeout=60).status_code == 404
    answer = pc().get(site.url + "/", allow_redirects=False, timeout=60)
    assert "/connect/oauth2/authorize" in answer.headers["Location"]


def test_without_scripts_the_page_reloads_itself(site: Served, pc: MakePc) -> None:
    page = pc().get(site.url + "/login", timeout=60).text
    assert (
        '<noscript><meta http-equiv="refresh" content="3; url=/login?to=%2F&amp;wait=1"></noscript>' in page
    )


# -- live status


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def logins(
    request: pytest.FixtureRequest, make_config: MakeConfig, clock: Clock
) -> Iterator[login_page.Logins]:
    config = make_config()
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        config = make_config(store_url=server.url)
    store = open_store(config.store_url, clock, app_id=APP_ID)
    yield open_people(config, store, Limits(store), clock).logins
    store.close()


def test_events_tell_each_change_once_and_end_with_the_login(logins: login_page.Logins) -> None:
    login = logins.new("browser", "10.0.0.1", "Chrome", "/")
    logins.put(login)
    steps = iter([
        lambda: None,
        lambda: logins.scanned(login.id, "one"),
        lambda: None,
        lambda: logins.confirm(login.id, "one", "{}"),
    ])  # fmt: skip
    stream = login_page.events(logins, "browser", monotonic=lambda: 0.0, sleep=lambda _: next(steps)())
    told = [chunk for chunk in stream if chunk.startswith(b"data: ")]
    assert [re.search(rb'"status": "(\w+)"', chunk).group(1) for chunk in told] == [  # type: ignore[union-attr]
        b"waiting", b"scanned", b"confirmed",
    ]  # fmt: skip


def test_events_end_after_a_while(logins: login_page.Logins) -> None:
    logins.put(logins.new("browser", "", "", "/"))
    seconds = iter(range(0, 1000, 10))
    stream = login_page.events(logins, "browser", monotonic=lambda: next(seconds), sleep=lambda _: None)
    assert len(list(stream)) < 8


def test_streams_are_few_and_given_back(
    serve: Serve, people: MakePhone, pc: MakePc, weixin: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_page, "_STREAM_SECONDS", PATIENCE)  # the streams end when the login does
    site = serve(threads=8)  # two streams
    weixin.set_callback(site.url + "/wechat")
    computer, phone = pc(), people()
    scene = begin(site, computer, weixin)
    url = site.url + "/login/events"
    one = computer.get(url, stream=True, timeout=60)
    two = computer.get(url, stream=True, timeout=60)
    assert one.headers["Content-Type"] == "text/event-stream"
    assert one.raw.readline() == b"retry: 1000\n"
    assert computer.get(url, timeout=60).status_code == 503
    assert status(site, computer) == "waiting", "polling works all the same"
    answer(phone, scan(phone, weixin, scene))
    for stream in (one, two):  # to their end
        told = stream.raw.read()
        assert b"waiting" in told
        assert b"confirmed" in told
    assert computer.get(url, stream=True, timeout=60).status_code == 200


def test_a_stream_gives_its_thread_back_however_it_ends() -> None:
    given: list[int] = []

    def broken() -> Iterator[bytes]:
        yield b"1"
        raise OSError

    whole = login_page.Stream(iter([b"1"]), lambda: given.append(1))
    assert list(whole) == [b"1"]
    failing = login_page.Stream(broken(), lambda: given.append(2))
    assert next(failing) == b"1"
    with pytest.raises(OSError):
        next(failing)
    never = login_page.Stream(iter([]), lambda: given.append(3))
    del never
    closed = login_page.Stream(iter([b"1"]), lambda: given.append(4))
    closed.close()
    closed.close()
    assert given == [1, 2, 3, 4]


def test_a_stranger_has_no_stream(site: Served, pc: MakePc) -> None:
    assert pc().get(site.url + "/login/events", timeout=60).status_code == 503
    assert pc().get(site.url + "/login/status", timeout=60).json()["status"] == "none"


# -- the way out


def test_logging_out_ends_this_browsers_session(
    site: Served, people: MakePhone, log: pytest.LogCaptureFixture
) -> None:
    phone = people()
    phone.visit(site.url + "/account")
    old = dict(phone.http.cookies)
    page = phone.visit(site.url + "/logout")
    answer = phone.submit(page, everywhere="no")
    assert answer.status_code == 302
    assert "已退出" in phone.open(answer.headers["Location"]).text
    again = requests.get(site.url + "/account", cookies=old, allow_redirects=False, timeout=60)
    assert again.status_code == 302
    assert facts(log, "bot.audit")[-1] == {
        "event": "logout",
        "openid": phone.openid,
        "everywhere": False,
        "address": phone.http.headers["X-Forwarded-For"],
    }


def test_logging_out_everywhere_ends_the_pcs_session_too(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox
) -> None:
    computer, phone, other = pc(), people("小明"), people("小红")
    answer(phone, scan(phone, weixin, begin(site, computer, weixin)))
    computer.get(site.url + "/login", timeout=60)
    other.visit(site.url + "/account")
    assert computer.get(site.url + "/account", allow_redirects=False, timeout=60).status_code == 200
    phone.submit(phone.visit(site.url + "/logout"), everywhere="yes")
    assert computer.get(site.url + "/account", allow_redirects=False, timeout=60).status_code == 302
    assert other.open(site.url + "/account").status_code == 200, "others stay"
    phone.visit(site.url + "/account")
    assert phone.open(site.url + "/account").status_code == 200, "and one may log in again"


def test_nobody_can_be_logged_out_by_a_link_or_another_site(site: Served, people: MakePhone) -> None:
    phone = people()
    phone.visit(site.url + "/account")
    phone.open(site.url + "/logout?everywhere=yes")
    assert phone.send(site.url + "/logout", {"everywhere": "yes"}).status_code == 403
    assert phone.open(site.url + "/account").status_code == 200


def test_a_confirmation_proves_the_person_now_and_not_when_their_phone_logged_in(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, later: Later
) -> None:
    computer, phone = pc(), people()
    phone.visit(site.url + "/")  # with the profile, so that the confirming page needs no login of its own
    later(1740)
    answer(phone, scan(phone, weixin, begin(site, computer, weixin)))
    computer.get(site.url + "/login", timeout=60)
    later(120)
    assert computer.get(site.url + "/account", allow_redirects=False, timeout=60).status_code == 200


def test_a_stale_login_on_a_pc_goes_to_the_login_page(
    site: Served, people: MakePhone, pc: MakePc, weixin: Sandbox, later: Later
) -> None:
    computer, phone = pc(), people()
    answer(phone, scan(phone, weixin, begin(site, computer, weixin)))
    computer.get(site.url + "/login", timeout=60)
    later(1801)
    stale = computer.get(site.url + "/account", allow_redirects=False, timeout=60)
    assert stale.headers["Location"] == site.url + "/login?to=%2Faccount"
    assert computer.get(site.url + "/", allow_redirects=False, timeout=60).status_code == 200
