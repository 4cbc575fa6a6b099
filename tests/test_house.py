"""The house's own rules (design §2, style §6), read from the source: who imports whom, and how files look."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch import ROOT

# The layers, from the lowest. A module may import its own package and the layers below.
LAYERS: list[set[str]] = [
    {"bot", "bot.errors"},
    {"bot.store", "bot.settings"},
    {"bot.config"},
    {"bot.telemetry"},
    {"bot.wechat", "bot.jobs", "bot.people"},
    {"bot.account"},
    {"bot.chat", "bot.oauth"},
    {"bot.site", "bot.menu", "bot.server"},
    {"bot.account_package"},
    {"bot.app"},
    {"bot.cli", "bot.__main__", "bot.wsgi", "bot.asgi", "setup_menu"},
]

HTTP_EDGE = {
    "bot.site.members_api",
    "bot.site.account_page",
    "bot.site.login.confirm",
    "bot.site.login.qr_code",
    "bot.site.login.status",
    "bot.app",
    "bot.site.application",
    "bot.site.page",
    "bot.site.operations",
    "bot.chat.endpoint",
    "bot.site.templates",
    "bot.site.cookies",
}


def modules(*folders: str) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            inner = path.relative_to(ROOT).parts
            is_test_of_handlers = inner[0] == "handlers" and path.name.startswith("test_")
            if "__pycache__" in inner or is_test_of_handlers:
                continue
            if not any(part.startswith(".") for part in inner):
                yield module_name(path), path


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it; `from a import b` counts as a.b where that is one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a thing is"
            found |= {full_name(str(node.module), name.name) for name in node.names}
    return found


def full_name(module: str, name: str) -> str:
    inner = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if inner.is_dir() or inner.with_suffix(".py").is_file() else module


def package(module: str) -> str:
    """bot.wechat.client -> bot.wechat; handlers.chat.text -> handlers."""
    parts = module.split(".")
    return parts[0] if parts[0] == "handlers" else ".".join(parts[:2])


ALL = [*modules("bot", "handlers"), ("setup_menu", ROOT / "setup_menu.py")]


@pytest.mark.parametrize(("module", "path"), ALL, ids=[name for name, _ in ALL])
def test_imports_go_one_way(module: str, path: Path) -> None:
    own = package(module)
    ours = {package(name) for name in imports(path) if name.split(".")[0] in ("bot", "handlers")} - {
        own,
        "bot",
    }
    if own == "handlers":
        assert not ours, "an operator's package imports only `bot` itself"
        return
    if module == "bot":  # its public names, which are imported when they are first used
        return
    if layer(own) == len(LAYERS) - 1:
        ours -= LAYERS[-1]
    assert all(layer(package) < layer(own) for package in ours), ours


def layer(package: str) -> int:
    """Return the number of the layer that a package is on."""
    return next(number for number, packages in enumerate(LAYERS) if package in packages)


def test_no_public_class_name_exists_twice() -> None:
    found: dict[str, list[str]] = {}
    for module, path in ALL:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(module)
    assert len(found) > 80
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_file_is_long() -> None:
    counted = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in ALL}
    assert {module: lines for module, lines in counted.items() if lines > 350} == {}


def test_no_constructor_takes_more_than_seven_things() -> None:
    crowded = {}
    for module, path in ALL:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                count = len([*node.args.args, *node.args.kwonlyargs]) - 1
                if count > 7:
                    crowded[f"{module}:{node.lineno}"] = count
    assert crowded == {}


def test_the_rule_reads_imports_rightly() -> None:
    """A rule that sees nothing forbids nothing."""
    seen = imports(ROOT / "bot" / "app.py")
    assert {"bot.site.application", "bot.chat.message_way", "web", "bot.store"} <= seen
    assert "bot.chat.wire.messages" in imports(ROOT / "bot" / "chat" / "wire" / "gate.py")


def test_web_py_is_imported_at_the_http_edge_only() -> None:
    users = {name for name, path in ALL if "web" in {found.split(".")[0] for found in imports(path)}}
    assert users <= HTTP_EDGE


def roots_of(*folders: str) -> dict[str, set[str]]:
    return {name: {found.split(".")[0] for found in imports(path)} for name, path in modules(*folders)}


def test_wechatpy_is_imported_where_wechat_is_spoken_only() -> None:
    everything = roots_of("bot", "handlers", "wechat_sandbox", "tests", "bench")
    users = {name for name, roots in everything.items() if "wechatpy" in roots}
    assert users
    peers = ("bench.home_page_peer", "bench.peers")  # other frameworks, measured beside ours
    assert all(name.startswith(("bot.wechat", "bot.chat", "tests.wechat_sandbox", *peers)) for name in users)


def test_bot_and_sandbox_know_each_other_by_http_only() -> None:
    assert not [name for name, roots in roots_of("bot", "handlers").items() if "wechat_sandbox" in roots]
    strangers = {"bot", "handlers", "wechatpy"}
    assert not [name for name, roots in roots_of("wechat_sandbox").items() if roots & strangers]


def test_nothing_imports_the_tests() -> None:
    assert not [
        name for name, roots in roots_of("bot", "handlers", "wechat_sandbox").items() if "tests" in roots
    ]


def test_importing_the_handlers_has_no_effect(tmp_path: Path) -> None:
    """No file, no thread, no log set up, no setting read, no WeChat called: only names."""
    code = """
import logging, os, sys, threading
sys.path.insert(0, sys.argv[1])
before = dict(os.environ)
def audit(event, args):
    if event in ("socket.connect", "subprocess.Popen", "os.mkdir", "sqlite3.connect"):
        print("EFFECT", event, args)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        print("EFFECT", event, args[:2])
sys.addaudithook(audit)
import handlers
print(len(threading.enumerate()), logging.getLogger("bot").handlers, before == dict(os.environ))
print("wsgi" in str([name for name in sys.modules if name.startswith("bot.")]), "bot.app" in sys.modules)
"""
    env = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code, str(ROOT)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["1 [] True", "False False"]
    assert not list(tmp_path.iterdir())


SOURCE = [*modules("bot", "handlers", "wechat_sandbox")]


@pytest.mark.parametrize(("module", "path"), SOURCE, ids=[name for name, _ in SOURCE])
def test_every_file_says_what_it_does(module: str, path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), "a module docstring is missing"
    assert path.stem not in ("utils", "helpers", "manager", "common", "misc")


def chinese(path: Path) -> list[str]:
    """Texts of a file, other than docstrings, that users could read: those with Chinese in them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
        and any("\u4e00" <= char <= "\u9fff" for char in node.value)
    ]


# What operators read: the console's own names for things, beside their English; and what `new` writes.
CONSOLE_WORDS = {"bot.config", "bot.wechat.errcodes", "bot.cli.new"}
# The pages of the engine have their texts in both languages beside them.
PAGES = {"bot.site.account_page", "bot.site.login.scan"}


def test_the_engine_says_nothing_to_users_in_words_of_its_own() -> None:
    speakers = {name: chinese(path) for name, path in modules("bot") if name not in CONSOLE_WORDS | PAGES}
    assert {name: texts for name, texts in speakers.items() if texts} == {}


def test_the_example_reaches_past_the_engine_for_http_only() -> None:
    forbidden = {"web", "sqlite3", "redis", "wechatpy", "cryptography"}
    assert not [name for name, roots in roots_of("handlers").items() if roots & forbidden]
