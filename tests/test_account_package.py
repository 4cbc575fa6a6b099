"""The operator's package: HANDLERS names it, its files win, and its mistakes are said before it serves."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

import bot
from bot.account_package import load_package
from tests.launch import PATIENCE, ROOT, Sandbox, bot_env, start_bot, start_sandbox

pytestmark = pytest.mark.slow

GOOD = """from bot import on, Page, Wording

def greet(chat):
    return "hello from the stall"

class Home(Page):
    def GET(self):
        return self.render("about", mail="stall@example.com")

CHAT = [on.message("text", greet)]
PAGES = [("/", Home)]
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording("sorry", "still working", "more", "more?")
"""


@pytest.fixture(scope="module")
def wechat() -> Iterator[Sandbox]:
    with start_sandbox() as sandbox:
        yield sandbox


Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def stall(tmp_path: Path) -> Write:
    """Writes a package `stall` with these files into a folder of the test's own, and returns the folder."""

    def write(files: dict[str, str]) -> Path:
        for name, text in ({"__init__.py": GOOD} | files).items():
            path = tmp_path / "stall" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def run(wechat: Sandbox, folder: Path, *command: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    (folder / "config.py").write_text("")
    settings = {
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "BOT_HANDLERS": "stall",
        "BOT_CONFIG": str(folder / "config.py"),
        "BOT_STORE_URL": f"sqlite:///{folder}/bot.db",
        "BOT_PUBLIC_URL": "https://bot.example.com",
        "BOT_SECRET_KEY": "key-0123456789abcdef0123456789abcdef",
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | bot_env(wechat) | settings | changes,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


# -- an own package


def test_an_own_package_answers_and_its_templates_and_static_files_win(wechat: Sandbox, stall: Write) -> None:
    about = "$def with (mail)\n<p>write to $mail</p>"
    folder = stall({"templates/about.html": about, "static/home.js": "own"})
    env = {"BOT_HANDLERS": "stall", "PYTHONPATH": str(ROOT)}
    with start_bot(wechat, env, save_callback=True, cwd=folder) as site:
        user = wechat.add_user("小明", subscribed=True)
        [answer] = wechat.send(user, content="hi")["shown"]
        assert answer["content"] == "hello from the stall"

        def get(path: str) -> requests.Response:
            return requests.get(site.url + path, timeout=PATIENCE)

        assert "<p>write to stall@example.com</p>" in get("/").text
        assert get("/static/home.js").text == "own"
        assert get("/static/site.css").text == (ROOT / "static" / "site.css").read_text(encoding="utf-8")
        assert get("/login").status_code == 404  # its PAGES have no login_pages


def test_the_menu_script_installs_the_menu_of_the_package(wechat: Sandbox, stall: Write) -> None:
    done = run(wechat, stall({}), str(ROOT / "setup_menu.py"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Installed, and read back the same" in done.stdout


def test_the_conditional_menus_of_the_package_are_installed_with_its_menu(
    wechat: Sandbox, stall: Write
) -> None:
    page = '{"type": "view", "name": "home", "page": "/"}'
    rule = '{"client_platform_type": 1}'
    files = changed(
        "WORDING =", f'CONDITIONAL_MENUS = [{{"button": [{page}], "matchrule": {rule}}}]\nWORDING ='
    )
    done = run(wechat, stall(files), str(ROOT / "setup_menu.py"))
    assert (done.returncode, done.stderr) == (0, "")
    [menu] = wechat.state()["conditional_menus"]
    assert menu["button"][0]["url"] == "https://bot.example.com/"
    wechat.reset()


def test_the_module_for_wsgi_servers_serves_the_package(wechat: Sandbox, stall: Write) -> None:
    code = """
from bot.wsgi import application
said = []
request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}
body = b"".join(application(request, lambda status, headers, _=None: said.append(status)))
print(said, "stall@example.com" in body.decode())
"""
    done = run(wechat, stall({}), "-c", code)
    assert "['200 OK'] True" in done.stdout, done.stderr


# -- mistakes


def changed(old: str, new: str) -> dict[str, str]:
    assert old in GOOD
    return {"__init__.py": GOOD.replace(old, new)}


# Each with the patterns that its message must match.
MISTAKES = {
    "no such name": (
        changed("[on.message", "[*on.clicks(REPLYS), on.message"),
        [r"stall/__init__\.py, line 10: NameError: name 'REPLYS' is not defined", r"CHAT = \[\*on\.clicks"],
    ),
    "in another file": (
        changed("def greet", "from stall.texts import HOURS\n\ndef greet")
        | {"texts.py": "def hours(chat):\n    return 1\n\nHOURS += 1"},
        [r"stall/texts\.py, line 4: NameError: name 'HOURS' is not defined", r"HOURS \+= 1"],
    ),
    "syntax": (
        changed("def greet", "import stall.texts\n\ndef greet")
        | {"texts.py": "def hours(chat)\n    return 1\n"},
        [r"stall/texts\.py, line 1: SyntaxError: expected ':'", r"def hours\(chat\)"],
    ),
    "a module that is not installed": (
        changed("def greet", "import no_such_module\n\ndef greet"),
        [r"stall/__init__\.py, line 3: ModuleNotFoundError: No module named 'no_such_module'"],
    ),
    "a wrong name of ours": (
        changed("Wording\n", "Wording, Replies\n"),
        [r"stall/__init__\.py, line 1: ImportError: cannot import name 'Replies' from 'bot'"],
    ),
    "a wrong call of ours": (
        changed("greet)]", "greet, slowly=True)]"),
        [r"stall/__init__\.py, line 10: TypeError: .*'slowly'"],
    ),
    "no CHAT": (changed("CHAT", "CHATS"), [r"stall/__init__\.py has no CHAT: write CHAT = \["]),
    "CHAT is no list": (
        changed('[on.message("text", greet)]', "greet"),
        [r"stall/__init__\.py: CHAT is a function; write CHAT = \["],
    ),
    "CONDITIONAL_MENUS is one menu": (
        changed("WORDING =", 'CONDITIONAL_MENUS = {"button": [], "matchrule": {"tag_id": 1}}\nWORDING ='),
        [r"stall/__init__\.py: CONDITIONAL_MENUS is a dict; write CONDITIONAL_MENUS = \["],
    ),
    "CONDITIONAL_MENUS is None": (
        changed("WORDING =", "CONDITIONAL_MENUS = None\nWORDING ="),
        [r"CONDITIONAL_MENUS is a NoneType"],
    ),
    "CONDITIONAL_MENU": (
        changed("WORDING =", "CONDITIONAL_MENU = []\nWORDING ="),
        [r"has CONDITIONAL_MENU, which nothing reads; did you mean CONDITIONAL_MENUS\?"],
    ),
    "no WORDING": (changed("WORDING", "WORDS"), [r"has no WORDING: write WORDING = Wording"]),
    "a plain text as an expression": (
        changed('on.message("text", greet)', 'on.text(r"find (\\w+)", greet)'),
        [r"CHAT, on\.text\('find .*re\.compile"],
    ),
    "captures": (
        changed('on.message("text", greet)', 'on.text(__import__("re").compile("find (.+)"), greet)'),
        [
            r"stall\.greet does not fit: the route calls it with chat and 1 capture; "
            r"write def greet\(chat, part1\) in stall/__init__\.py, line \d+$"
        ],
    ),
    "a pattern and captures": (
        changed("def greet(chat)", "def greet(chat, word)")
        | changed('on.message("text", greet)', 'on.text(r"find (\\w+)", greet)'),
        [r"a plain text.*re\.compile"],
    ),
    "a call": (
        changed('on.message("text", greet)', 'on.message("text", greet())'),
        [r"line \d+: TypeError: .*; in CHAT, name a function without \(\)"],
    ),
    "an option": (
        changed('on.message("text", greet)', 'on.message("text", greet, slw=True)'),
        [r"line \d+: TypeError: .*'slw'; the options of a route are slow, ordered and inline"],
    ),
    "several texts": (
        changed('on.message("text", greet)', 'on.text("a", "b", greet)'),
        [r"line \d+: TypeError: .*; write several texts as a list"],
    ),
    "no page": (
        changed("class Home(Page)", "class Home"),
        [r"PAGES, '/': Home calls self\.render; write class Home\(Page\)"],
    ),
    "a template": (
        {"templates/about.html": "$def with (mail)\n<p>\n$if mail\n    $mail\n"},
        [r"stall/templates/about\.html, line 3: SyntaxError: expected ':'"],
    ),
    "a template that is not there": (
        changed('"about", mail="stall@example.com"', '"orders"'),
        [r"PAGES, '/': Home renders 'orders', but there is no orders\.html"],
    ),
}


@pytest.mark.parametrize(("files", "patterns"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("command", [["-m", "bot"], [str(ROOT / "setup_menu.py"), "--dry-run"]])
def test_a_mistake_in_the_package_is_one_message_with_status_2(
    wechat: Sandbox, stall: Write, files: dict[str, str], patterns: list[str], command: list[str]
) -> None:
    done = run(wechat, stall(files), *command)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0] == "The package stall (HANDLERS) has faults; nothing is done:"
    assert len(lines) <= 3, done.stderr
    assert [p for p in patterns if not re.search(p, done.stderr, re.MULTILINE)] == [], done.stderr


def test_a_package_that_is_not_there_is_said(wechat: Sandbox, tmp_path: Path) -> None:
    done = run(wechat, tmp_path, "-m", "bot")
    assert done.returncode == 2
    problem = f"there is no package stall in {tmp_path}; python -m bot new stall makes one"
    assert done.stderr.splitlines()[1].strip() == problem


@pytest.mark.parametrize("name", ["1shop", "my-stall", "stall/", "stall.", ""])
def test_a_name_that_is_no_package_is_a_fault_of_the_settings(
    wechat: Sandbox, tmp_path: Path, name: str
) -> None:
    done = run(wechat, tmp_path, "-m", "bot", BOT_HANDLERS=name)
    assert done.returncode == 2
    assert "HANDLERS" in done.stderr


# -- the public names


def test_importing_the_settings_loads_neither_web_py_nor_wechatpy() -> None:
    code = "import sys, bot, bot.config; print({'web', 'wechatpy', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "set()\n", done.stderr


def test_the_public_names_are_all_there_and_documented() -> None:
    assert list(bot.PUBLIC_NAMES) == bot.__all__
    assert all(getattr(bot, name) is not None for name in bot.PUBLIC_NAMES)
    with pytest.raises(AttributeError):
        bot.no_such_name  # noqa: B018
    text = (ROOT / "docs" / "handlers.md").read_text(encoding="utf-8")
    section = text[text.index("## The names of `bot`") :]
    assert [name for name in bot.PUBLIC_NAMES if f"`{name}`" not in section] == []


def test_the_shipped_example_and_the_account_of_the_tests_have_no_faults() -> None:
    for name in ("handlers", "tests.account"):
        assert load_package(name).chat
