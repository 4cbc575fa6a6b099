"""Paths for machines, static files, and pages that are not there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import web
from hypothesis import given
from hypothesis import strategies as st

from bot.site.page import Page, script_json
from tests import account
from tests.conditions import until
from tests.conftest import Clock, MakeConfig, RedisServer, Served


@pytest.fixture
def site(make_config: MakeConfig, tmp_path: Path, clock: Clock) -> Iterator[Served]:
    with Served(
        lambda url: make_config(public_url=url, verify_dir=str(tmp_path / "verify")), clock
    ) as served:
        yield served


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_health_and_readiness_answer_ok_and_are_not_logged(
    site: Served, http: requests.Session, log: pytest.LogCaptureFixture
) -> None:
    for path in ("/healthz", "/readyz"):
        answer = http.get(site.url + path, timeout=60)
        assert (answer.status_code, answer.text) == (200, "ok")
    assert not log.records


class Leaves(Page):
    """A page that raises a BaseException, which depends on the path."""

    def GET(self) -> str:
        raise {"/exit": SystemExit, "/panic": Panic}[web.ctx.path]("private words")


class Panic(BaseException):
    """What an extension in Rust raises when it panics."""


@pytest.mark.parametrize("path", ["/exit", "/panic"])
def test_a_page_that_raises_what_is_no_exception_is_an_error_page(
    make_config: MakeConfig,
    clock: Clock,
    http: requests.Session,
    log: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    path: str,
) -> None:
    with Served(lambda url: make_config(public_url=url), clock, pages=[(path, Leaves)]) as site:
        assert http.get(site.url + path, timeout=60).status_code == 500
        assert http.get(site.url + "/healthz", timeout=60).text == "ok"
    (line,) = [one.getMessage() for one in log.records if "[page]" in one.getMessage()]
    assert " GET" in line, "the place"
    captured = capfd.readouterr()
    assert "private words" not in log.text + captured.out + captured.err
    assert "Traceback" not in captured.err


@pytest.mark.redis
def test_a_bot_without_its_store_is_alive_but_not_ready(
    make_config: MakeConfig,
    clock: Clock,
    http: requests.Session,
    mortal_redis: RedisServer,
    log: pytest.LogCaptureFixture,
) -> None:
    settings = make_config(store_url=mortal_redis.url)
    with Served(lambda url: settings, clock) as site:
        assert http.get(site.url + "/readyz", timeout=60).status_code == 200
        mortal_redis.kill()
        assert http.get(site.url + "/healthz", timeout=60).status_code == 200
        answer = http.get(site.url + "/readyz", timeout=60)
        assert (answer.status_code, answer.text) == (503, "store"), "strangers read no path and no host"
        assert "the Redis store does not work" in log.text
        page = http.get(site.url + "/", allow_redirects=False, timeout=60)
        assert page.status_code == 503
        assert "Traceback" not in answer.text + page.text


@pytest.mark.redis
def test_a_bot_whose_store_refuses_writes_is_not_ready(
    make_config: MakeConfig, clock: Clock, http: requests.Session, mortal_redis: RedisServer
) -> None:
    settings = make_config(store_url=mortal_redis.url)
    with Served(lambda url: settings, clock) as site:
        mortal_redis.client.config_set("maxmemory", "1")
        assert http.get(site.url + "/readyz", timeout=60).status_code == 503
        mortal_redis.client.config_set("maxmemory", "0")
        until(lambda: http.get(site.url + "/readyz", timeout=60).status_code == 200)


def test_a_verification_file_is_served_at_the_root(
    site: Served, http: requests.Session, tmp_path: Path
) -> None:
    (tmp_path / "verify").mkdir()
    (tmp_path / "verify" / "MP_verify_AbCdEf0123456789.txt").write_text("AbCdEf0123456789")
    (tmp_path / "verify" / "secret.txt").write_text("secret")
    answer = http.get(site.url + "/MP_verify_AbCdEf0123456789.txt", timeout=60)
    assert (answer.status_code, answer.text) == (200, "AbCdEf0123456789")
    assert answer.headers["Content-Type"].startswith("text/plain")
    for path in (
        "MP_verify_none0123456789a.txt",
        "MP_verify_short.txt",
        "secret.txt",
        "MP_verify_..%2fsecret.txt",
    ):
        assert http.get(f"{site.url}/{path}", timeout=60).status_code == 404


def test_static_files_are_served_and_nothing_beside_them(site: Served, http: requests.Session) -> None:
    picture = http.get(site.url + "/static/wx_qr_code.png", timeout=60)
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content == Path("static/wx_qr_code.png").read_bytes()
    for path in (
        "/static/../config.example.py",
        "/static/%2e%2e/setup_menu.py",
        "/static/",
        "/bot/config.py",
    ):
        assert http.get(site.url + path, timeout=60).status_code == 404


def test_a_page_that_is_not_there_is_a_friendly_404(site: Served, http: requests.Session) -> None:
    answer = http.get(site.url + "/none", timeout=60)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@given(st.text() | st.sampled_from(["</script>", "<!--", "\u2028", "]]>"]))
def test_json_in_a_script_element_cannot_end_it(text: str) -> None:
    script = script_json({"nickname": text})
    assert "<" not in script
    assert "\u2028" not in script
    assert json.loads(script) == {"nickname": text}


@pytest.mark.parametrize("url", ["http://[", "//", "%00", "中文", "http://\\", "x" * 3000])
def test_a_url_that_is_none_is_not_signed_and_is_no_fault_of_ours(
    site: Served, http: requests.Session, url: str
) -> None:
    answer = http.get(site.url + "/jssdk", params={"url": url}, timeout=60)
    assert answer.status_code in (400, 403)
    assert answer.json()["error"]


def test_metrics_count_and_name_no_user(site: Served, http: requests.Session) -> None:
    http.get(site.url + "/wechat?echostr=private", timeout=60)
    text = http.get(site.url + "/metrics", timeout=60).text
    assert "bot_refusals" in text
    assert "private" not in text


def test_metrics_with_a_token_are_for_those_who_have_it(
    make_config: MakeConfig, clock: Clock, http: requests.Session
) -> None:
    with Served(lambda url: make_config(metrics_token="letmein"), clock, pages=account.PAGES) as site:
        for header, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Bearer é".encode("latin-1")}, 401),
            ({"Authorization": "letmein"}, 401),
            ({"Authorization": "Bearer letmein"}, 200),
        ):
            assert http.get(site.url + "/metrics", headers=header, timeout=60).status_code == status
