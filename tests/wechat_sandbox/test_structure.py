"""Who may import whom: the sandbox stands alone, and its rooms use each other one way only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch import ROOT
from wechat_sandbox.world.events import BACKLOG, Bus

FOREIGN = {"bot", "handlers", "wechatpy", "web", "redis", "huey"}
# Each storey may use itself and those before it.
STOREYS = [
    {"errors", "clock", "json_fields", "settings", "child_runner"},
    {"rights"},
    {"account", "behaviour"},
    {"world"},
    {"push"},
    {"user_actions", "api", "web"},
    {"replay"},
    {"control"},
    {"app", "bot_process"},
    {"server"},
    {"__main__"},
]
FILES = sorted((ROOT / "wechat_sandbox").rglob("*.py"))


def storey(room: str) -> int:
    return next(index for index, rooms in enumerate(STOREYS) if room in rooms)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            # `from wechat_sandbox import errors` or `from sandbox.api import menu` name a module in the list.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    own = path.relative_to(ROOT / "wechat_sandbox").parts[0].removesuffix(".py")
    for name in imported(path):
        package, _, rest = name.partition(".")
        assert package not in FOREIGN, f"{path} imports {name}"
        if package == "wechat_sandbox" and own != "__init__":
            room = rest.partition(".")[0]
            assert room == own or storey(room) < storey(own), f"{path} imports {name}"


def test_a_listener_that_falls_behind_is_dropped_and_nobody_waits() -> None:
    bus = Bus()
    slow, quick = bus.join(), bus.join()
    read = []
    for number in range(2 * BACKLOG):
        bus.publish("tick", number)
        read.append(quick.events.get_nowait())
    assert read == [("tick", number) for number in range(2 * BACKLOG)]
    got = [slow.events.get_nowait() for _ in range(slow.events.qsize())]
    assert got == [*(("tick", number) for number in range(BACKLOG)), None]
