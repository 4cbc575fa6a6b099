"""The example of docs/handlers.md for data of one's own: it counts over all processes and over restarts."""

import importlib.util
import multiprocessing
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.account import Account
from tests.launch import ROOT, Sandbox
from tests.scenarios.test_reload import reloading, restarted

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "handlers.md").read_text(encoding="utf-8")
_INIT = """
import re
from bot.chat import on
from bot.chat.wording import Wording
from handlers import orders
CHAT = [
{route}]
PAGES, MENU = [], {{"button": []}}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""


def code(begin: str) -> str:
    """Return the code block of the page that begins with this line."""
    (block,) = [
        text for text in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if text.startswith(begin)
    ]
    return str(block)


@pytest.fixture
def shop(account: Account) -> Account:
    """An account with the module and the route of the page."""
    folder = account.folder / "handlers"
    (folder / "orders.py").write_text(code("# handlers/orders.py"), encoding="utf-8")
    route = code('    on.text(re.compile(r"买')
    (folder / "__init__.py").write_text(_INIT.format(route=route), encoding="utf-8")
    return account


def test_two_workers_and_a_restart_share_the_orders(sandbox: Sandbox, shop: Account) -> None:
    openid = sandbox.add_user("u", subscribed=True)
    with reloading(sandbox, shop, WORKERS="2") as bot:
        with ThreadPoolExecutor(8) as pool:
            sent = list(pool.map(lambda n: sandbox.send(openid, content=f"买 {n}"), range(20)))
        counts = {int(re.findall(r"第 (\d+) 单", one["shown"][0]["content"])[0]) for one in sent}
        assert counts == set(range(1, 21))
        restarted(bot, shop.folder / "handlers/orders.py", "已下单", "下好了")
        assert (
            sandbox.send(openid, content="买 茶")["shown"][0]["content"] == "下好了：茶。这是你的第 21 单。"
        )
    with closing(sqlite3.connect(shop.folder / "var" / "shop.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def load(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("orders", folder / "handlers" / "orders.py")
    assert spec
    assert spec.loader
    orders = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(orders)
    return orders


def test_a_handler_that_runs_twice_orders_once(shop: Account) -> None:
    orders = load(shop.folder)
    chat = SimpleNamespace(message=SimpleNamespace(id=7), openid="o")
    assert orders.order(chat, "茶") == orders.order(chat, "茶") == "已下单：茶。这是你的第 1 单。"


def _order_at_once(folder: Path, number: int, start: Any) -> None:
    orders = load(folder)
    start.wait()
    orders.order(SimpleNamespace(message=SimpleNamespace(id=number), openid="o"), "茶")


def test_processes_may_make_the_file_at_the_same_time(shop: Account) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(4)
    processes = [spawn.Process(target=_order_at_once, args=(shop.folder, n, start)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    chat = SimpleNamespace(message=SimpleNamespace(id=4), openid="o")
    assert load(shop.folder).order(chat, "茶") == "已下单：茶。这是你的第 5 单。"
