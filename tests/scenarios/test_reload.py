"""A developer edits the account while `make run` is running. Only the bot restarts: users, chats, phone
bindings and logins stay, and no message is lost."""

import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from bench.account import Account
from tests.conditions import until
from tests.launch import ROOT, Bot, Json, Process, Sandbox, bot_env, free_port, start_sandbox
from tests.oauth.visitor import Phone
from tests.scenarios.phone_checks import answers, grey_lines
from tests.visiting import PC

pytestmark = pytest.mark.slow

OPTIONS = ("--with-bot", "--bot-port", "0")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this project, which the test may edit."""
    for name in ("bot", "handlers", "templates", "static"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "setup_menu.py", tmp_path)
    return tmp_path


@pytest.fixture
def running(project: Path) -> Iterator[Sandbox]:
    with start_sandbox(
        *OPTIONS, cwd=project, env={"PYTHONPATH": str(ROOT), "BOT_HANDLERS": "handlers"}
    ) as sandbox:
        yield sandbox


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def restarted(process: Process, file: Path, old: str, new: str, until_line: str = "bot ready ") -> list[str]:
    """Edit the file and wait for the line. Return the output from the restart on."""
    begin = len(process.output)
    edit(file, old, new)
    until(lambda: any(line.startswith(until_line) for line in process.output[begin:]))
    return process.output[begin:]


def bot_url(sandbox: Sandbox) -> str:
    return str(sandbox.state()["account"]["callback"]).removesuffix("/wechat")


def said(sent: Json) -> str:
    return str(sent["shown"][-1]["content"])


def bound(sandbox: Sandbox, phone: Phone) -> None:
    """Bind a number to this person."""
    page = phone.visit(bot_url(sandbox) + "/account")
    page = phone.follow(phone.submit(page, phone="+8613800138000", do="send"))
    code = re.search(r"\d{6}", sandbox.call("GET", "sms")["messages"][-1]["text"])
    assert code
    phone.follow(phone.submit(page, code=code.group(), do="verify"))


def test_a_changed_reply_is_given_and_all_else_stays(project: Path, running: Sandbox) -> None:
    phone = Phone(running)
    running.subscribe(phone.openid)
    bound(running, phone)
    assert said(running.send(phone.openid, content="一")) == "你说：一"
    users, chat = running.state()["users"], running.chat(phone.openid)
    output = restarted(running, project / "handlers/chat/text.py", "你说：", "我听见：")
    assert "bot restarts: handlers/chat/text.py changed" in output
    assert running.state()["users"] == users
    assert running.chat(phone.openid) == chat
    assert said(running.send(phone.openid, content="二")) == "我听见：二"
    # A visitor without a login would be redirected to WeChat.
    home = phone.open(bot_url(running) + "/account")
    assert (home.status_code, "+86 138****8000" in home.text) == (200, True)
    assert running.state()["account"]["callback_ok"]


def test_a_changed_template_and_a_changed_script_are_served(project: Path, running: Sandbox) -> None:
    page, script = f"{bot_url(running)}/about", f"{bot_url(running)}/static/login.js"
    assert "一个小团队" in requests.get(page, timeout=60).text
    assert "max-age=0" in requests.get(script, timeout=60).headers["Cache-Control"]
    restarted(running, project / "templates/about.html", "一个小团队", "三个人")
    assert "三个人" in requests.get(page, timeout=60).text
    begin = len(running.output)
    (project / "static" / "new.js").write_text("1")
    # A request during the restart may reach the old server just before it stops. So wait for the new one.
    until(lambda: any(line.startswith("bot ready ") for line in running.output[begin:]))
    assert requests.get(f"{bot_url(running)}/static/new.js", timeout=60).text == "1"


def test_a_fault_is_shown_and_messages_wait_for_its_repair(project: Path, running: Sandbox) -> None:
    openid = running.state()["users"][0]["openid"]
    text = project / "handlers/chat/text.py"
    running.settings(deadline=60)
    output = restarted(running, text, "def echo(", "def echo((", until_line="bot waits for a change")
    assert any("SyntaxError" in line for line in output)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(running.send, openid, content="还在吗")
        until(lambda: running.call("GET", "deliveries")["waiting"])
        restarted(running, text, "def echo((", "def echo(")
        assert [entry["outcome"] for entry in sending.result()["deliveries"]] == ["reply"]
    assert said(running.send(openid, content="在")) == "你说：在"


def test_a_bot_that_cannot_start_at_first_is_waited_for(project: Path) -> None:
    text = project / "handlers/chat/text.py"
    edit(text, "def echo(", "def echo((")
    argv = (sys.executable, "-m", "wechat_sandbox", "--port", "0", *OPTIONS)
    env = {"PYTHONPATH": str(ROOT), "BOT_HANDLERS": "handlers"}
    with Process(*argv, ready="bot waits for a change", cwd=project, env=env) as sandbox:
        edit(text, "def echo((", "def echo(")
        sandbox.wait_for("sandbox ready ")


def test_the_menu_is_installed_again_only_if_it_changed(project: Path, running: Sandbox) -> None:
    def names() -> list[str]:
        return [button["name"] for button in running.state()["menu"]["button"]]

    restarted(running, project / "handlers/chat/text.py", "你说：", "我听见：")
    output = restarted(running, project / "handlers/menu.py", "更多精彩", "更多内容", until_line="Installed")
    assert names()[2] == "更多内容"
    assert any("更多精彩" in line for line in output)
    assert sum("within WeChat's limits" in line for line in running.output) == 2, "at the start, and now"
    running.reset()
    assert names()[2] == "更多内容"


def test_no_message_is_lost_during_restarts(project: Path, running: Sandbox) -> None:
    openids = [running.add_user(f"u{n}", subscribed=True) for n in range(4)]
    enough = threading.Event()

    def chatter(openid: str) -> list[list[str]]:
        replies = []
        while not enough.is_set():
            sent = running.send(openid, content=f"m{len(replies)}")
            replies.append([bubble["content"].partition("：")[2] for bubble in sent["shown"]])
        return replies

    with ThreadPoolExecutor(len(openids)) as pool:
        try:
            all_of_them = [pool.submit(chatter, openid) for openid in openids]
            for old, new in [("你说：", "一："), ("一：", "二："), ("二：", "三：")]:
                restarted(running, project / "handlers/chat/text.py", old, new)
        finally:
            enough.set()
        for replies in (task.result() for task in all_of_them):
            assert replies == [[f"m{n}"] for n in range(len(replies))]


def test_modules_saved_twice_in_one_second_are_both_seen(project: Path, running: Sandbox) -> None:
    """Python would run the compiled copy of the first one: the size and the second are the same."""
    openid, text = running.state()["users"][0]["openid"], project / "handlers/chat/text.py"
    for number, (old, new) in enumerate([("你说", "一说"), ("一说", "二说"), ("二说", "三说")]):
        changed = text.read_text(encoding="utf-8").replace(old, new)
        saved = project / ".saved"
        saved.write_text(changed, encoding="utf-8")
        os.utime(saved, ns=(0, 1_700_000_000_000_000_000 + number))
        begin = len(running.output)
        saved.rename(text)
        until(lambda begin=begin: any(line.startswith("bot ready") for line in running.output[begin:]))
        assert said(running.send(openid, content="x")) == f"{new}：x"


def test_a_login_page_that_is_open_does_not_hold_up_the_restart(project: Path, running: Sandbox) -> None:
    with requests.Session() as browser:
        browser.headers["User-Agent"] = PC
        browser.get(f"{bot_url(running)}/login?to=/about", timeout=60)
        with browser.get(f"{bot_url(running)}/login/events", stream=True, timeout=60) as stream:
            assert next(stream.iter_content(1))
            restarted(running, project / "handlers/chat/text.py", "你说：", "我听见：")
        again = browser.get(f"{bot_url(running)}/login/events", stream=True, timeout=60)
        assert again.status_code == 200, "the browser's login is the same"
        again.close()


def reloading(sandbox: Sandbox, account: Account, **settings: str) -> Bot:
    """`python -m bot serve --reload` in the account's folder."""
    env = bot_env(sandbox) | account.env | {"BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db"}
    env |= {f"BOT_{name}": value for name, value in settings.items()}
    bot = Bot(env, "serve", "--reload", cwd=account.folder)
    sandbox.set_callback(bot.callback)
    return bot


def test_a_running_slow_handler_is_cut_off_and_its_answer_comes(sandbox: Sandbox, account: Account) -> None:
    openid = sandbox.add_user("u", subscribed=True)
    with reloading(sandbox, account, DEADLINE_SECONDS="0.3", WORKERS="2") as bot:
        sandbox.send(openid, content="slow until go m")
        until(account.runs)
        restarted(bot, account.folder / "handlers/__init__.py", '"answer ', '"answer ')
        assert sandbox.send(openid, content="quick")["deliveries"][0]["outcome"] == "reply"
        account.open("go")
        until(lambda: "m" in answers(sandbox, openid))
    assert sorted(answers(sandbox, openid)) == ["m", "quick"]
    assert not grey_lines(sandbox, openid)


@pytest.mark.parametrize("is_killed", [False, True])
def test_nothing_outlives_the_process_that_was_started(
    sandbox: Sandbox, account: Account, is_killed: bool
) -> None:
    """Not even a server with a handler that does not end."""
    openid = sandbox.add_user("u", subscribed=True)
    with reloading(sandbox, account, DEADLINE_SECONDS="0.3", WORKERS="2") as bot:
        restarted(bot, account.folder / "handlers/__init__.py", '"answer ', '"answer ')
        sandbox.send(openid, content="slow until never m")
        until(account.runs)
        if is_killed:
            bot.kill()
        else:
            assert bot.stop() == 0
        with pytest.raises(AssertionError, match="ended before"):
            bot.wait_for("the output ends when its last process has ended")


def test_changed_settings_take_effect_and_a_taken_port_is_said(sandbox: Sandbox, account: Account) -> None:
    config = account.folder / "settings.py"
    first, second = free_port(), free_port()
    config.write_text(f'LISTEN = "127.0.0.1:{first}"')
    settings = (
        bot_env(sandbox)
        | account.env
        | {
            "BOT_CONFIG": str(config),
            "BOT_PUBLIC_URL": "http://127.0.0.1",
            "BOT_SECRET_KEY": "0123456789abcdef0123456789abcdef",
            "BOT_STORE_URL": f"sqlite:///{account.folder}/bot.db",
        }
    )
    argv = (sys.executable, "-m", "bot", "serve", "--reload")
    with Process(*argv, ready="bot ready ", env=settings, cwd=account.folder) as bot:
        assert bot.url == f"http://127.0.0.1:{first}"
        sandbox_port = sandbox.url.rpartition(":")[2]
        output = restarted(bot, config, f":{first}", f":{sandbox_port}", until_line="bot waits")
        assert any("cannot listen on" in line for line in output)
        output = restarted(bot, config, f":{sandbox_port}", f":{second}")
        assert f"bot ready http://127.0.0.1:{second}" in output
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{first}/healthz", timeout=60)
