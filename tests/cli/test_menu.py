"""`python setup_menu.py` as an operator runs it, against the sandbox."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.menu_script import CREATE, Done, Run, install_old, live, names, sent
from tests.conftest import NOWHERE, StartWeChat
from tests.launch import Sandbox
from tests.short_timeout import shorten_timeout

pytestmark = pytest.mark.slow


def test_a_menu_is_shown_installed_left_alone_and_deleted(run: Run, wechat: Sandbox) -> None:
    install_old(wechat)
    first = run(wechat)
    assert first.status == 0, first.err
    assert "-旧的" in first.out
    assert "+微信关注" in first.out
    assert "Installed, and read back the same" in first.out
    assert names(live(wechat)) == ["微信关注", "微博关注", "更多精彩"]

    creates = sent(wechat)
    second = run(wechat)
    assert (second.status, sent(wechat)) == (0, creates)
    assert "nothing to do" in second.out

    shown = run(wechat, "--show")
    assert shown.status == 0
    for words in ("微信关注  [click] wx_qr_code", "更多精彩", "scope=snsapi_userinfo", "bot.example.com"):
        assert words in shown.out

    deleted = run(wechat, "--delete", "--yes")
    assert (deleted.status, live(wechat)) == (0, None)
    assert "微信关注" in deleted.out
    again = run(wechat, "--delete")
    assert again.status == 0
    assert "no menu to delete" in again.out
    assert "(no menu)" in run(wechat, "--show").out


def test_a_dry_run_shows_the_changes_and_sends_nothing(run: Run, wechat: Sandbox) -> None:
    old = install_old(wechat)
    creates = sent(wechat)
    done = run(wechat, "--dry-run")
    assert done.status == 0
    assert "+微信关注" in done.out
    assert "nothing was sent" in done.out
    assert (live(wechat), sent(wechat)) == (old, creates)


def test_the_menu_link_that_it_installs_is_one_that_wechat_opens(run: Run, wechat: Sandbox) -> None:
    run(wechat, PUBLIC_URL="http://127.0.0.1:8080")
    user = wechat.add_user("小刚", subscribed=True)
    link = live(wechat)["button"][2]["sub_button"][3]["url"]
    back = wechat.authorize(user, link, "allow")["redirect"]
    assert back.startswith("http://127.0.0.1:8080/?code=")


def expect_refusal(done: Done, *words: str, status: int = 1) -> None:
    assert done.status == status
    for word in words:
        assert word in done.err


def test_an_unlisted_address_is_named_with_where_to_add_it(run: Run, start_wechat: StartWeChat) -> None:
    expect_refusal(
        run(start_wechat("--ip-whitelist", "10.0.0.1")),
        "40164", "127.0.0.1", "IP白名单", "was not changed",
    )  # fmt: skip


def test_an_account_without_the_right_is_told_which_kinds_have_it(
    run: Run, start_wechat: StartWeChat
) -> None:
    wechat = start_wechat("--account-kind", "subscription")
    expect_refusal(run(wechat), "48001", "未认证订阅号", "was not changed")
    assert live(wechat) is None


@pytest.mark.parametrize(
    "arguments", [(), ("--dry-run",), ("--show",), ("--delete", "--yes"), ("--as", "oABC")]
)
def test_a_bad_secret_is_said_and_leaves_the_old_menu(
    call: Run, wechat: Sandbox, arguments: tuple[str, ...]
) -> None:
    old = install_old(wechat)
    done = call(wechat, *arguments, APP_SECRET="wrongsecret0123456789")
    expect_refusal(done, "40125", "AppSecret")
    assert "wrongsecret" not in done.err + done.out
    assert live(wechat) == old


def test_an_unknown_app_id_is_said(call: Run, wechat: Sandbox) -> None:
    expect_refusal(call(wechat, APP_ID="wxffffffffffffffff"), "40013", "APP_ID")


@pytest.mark.parametrize("arguments", [(), ("--show",), ("--delete",)])
def test_an_unreachable_wechat_is_said(call: Run, wechat: Sandbox, arguments: tuple[str, ...]) -> None:
    done = call(wechat, *arguments, API_BASE=NOWHERE)
    expect_refusal(done, "could not be reached")
    assert wechat.state()["account"]["app_secret"] not in done.err


@pytest.mark.parametrize("errcode", [40018, 65319, -1])
def test_a_refused_menu_leaves_the_old_one(call: Run, wechat: Sandbox, errcode: int) -> None:
    old = install_old(wechat)
    wechat.faults([{"path": CREATE, "errcode": errcode}])
    done = call(wechat)
    expect_refusal(done, str(errcode), "was not changed")
    assert live(wechat) == old


@pytest.mark.parametrize("path", ["/cgi-bin/menu/get", "/cgi-bin/stable_token", CREATE])
def test_an_answer_that_is_no_json_is_said(call: Run, wechat: Sandbox, path: str) -> None:
    wechat.faults([{"path": path, "status": 200}])
    expect_refusal(call(wechat), "answered, but not with JSON", "API_BASE")


@pytest.mark.parametrize("fault", [{"delay": 2}, {"drop": True}, {"status": 502}], ids=str)
def test_a_menu_that_was_sent_and_not_answered_is_not_called_unchanged(
    call: Run, wechat: Sandbox, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """WeChat may have taken it; only its answer did not come."""
    install_old(wechat)
    if "delay" in fault:
        shorten_timeout(monkeypatch, CREATE)
    wechat.faults([{"path": CREATE, **fault}])
    done = call(wechat)
    expect_refusal(done, "answer", "not known whether")
    assert "was not changed" not in done.err


def test_a_menu_that_reads_back_otherwise_is_said(call: Run, wechat: Sandbox) -> None:
    install_old(wechat)
    wechat.faults([{"path": CREATE, "errcode": 0}])  # "ok", and yet nothing changed
    done = call(wechat)
    assert done.status == 1
    assert "reads back another one" in done.err


def test_wrong_settings_are_listed_with_status_2(run: Run, wechat: Sandbox) -> None:
    done = run(wechat, TOKEN="!", PUBLIC_URL="")
    expect_refusal(done, "TOKEN must be", "PUBLIC_URL is missing", status=2)
    assert wechat.calls() == []


def test_a_store_that_cannot_be_used_is_said(call: Run, wechat: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bot.db").mkdir()
    expect_refusal(call(wechat), "STORE_URL", status=2)


def test_a_dead_redis_is_said(call: Run, wechat: Sandbox) -> None:
    done = call(wechat, STORE_URL="redis://:hunter2@127.0.0.1:1/0")
    assert done.status in (1, 2)
    assert "STORE_URL" in done.err
    assert "hunter2" not in done.err


def test_an_unknown_argument_is_refused(run: Run, wechat: Sandbox) -> None:
    expect_refusal(run(wechat, "--remove"), "--remove", status=2)
    expect_refusal(run(wechat, "--show", "--delete"), "not allowed", status=2)
