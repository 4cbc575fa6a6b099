"""`python -m bot new NAME`: a package that answers, shows its page, and passes its own test."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch import PATIENCE, ROOT, start_bot, start_sandbox
from tests.oauth.visitor import Phone

pytestmark = pytest.mark.slow


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_it_answers_and_shows_its_page_and_passes_its_test(tmp_path: Path) -> None:
    made = run(tmp_path, "bot", "new", "kiosk")
    assert (made.returncode, made.stderr) == (0, "")
    assert "  kiosk/__init__.py\n" in made.stdout
    assert "BOT_HANDLERS=kiosk make run" in made.stdout
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "kiosk/__init__.py",
        "kiosk/pages.py",
        "kiosk/static/my_logo.svg",
        "kiosk/templates/my_home.html",
        "kiosk/test_kiosk.py",
    ]
    tested = run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "kiosk")
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    env = {"BOT_HANDLERS": "kiosk", "PYTHONPATH": str(ROOT)}
    with start_sandbox() as wechat, start_bot(wechat, env, save_callback=True, cwd=tmp_path) as site:
        phone = Phone(wechat, "小明")
        user = phone.openid
        said = [message["content"] for message in wechat.subscribe(user)["shown"]]
        for text in ("帮助", "几点开门", "买 3 杯", "别的"):
            said += [message["content"] for message in wechat.send(user, content=text)["shown"]]
        assert said[0].startswith("欢迎关注")
        assert said[2:] == ["周一到周五 9:00–18:00", "3 杯一共 36 元", "你说：别的"]
        page = phone.visit(site.url + "/")
        assert "<h1>你好 小明</h1>" in page.text
        [logo] = re.findall(r'src="(/static/my_logo\.svg)"', page.text)
        assert phone.open(site.url + logo).text.startswith("<svg")
        phone.close()


@pytest.mark.parametrize(
    "name",
    [
        "1shop", "my-shop", "Shop", "商店", "shop/x", "../shop", "", ".", "class", "match", "json", "redis",
        "web", "bot", "handlers", "tests", "templates", "docs", "config", "there",
    ],
)  # fmt: skip
def test_a_name_that_exists_or_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "there").mkdir()
    refused = run(tmp_path, "bot", "new", name)
    assert (refused.returncode, refused.stdout) == (2, "")
    chinese, english = refused.stderr.splitlines()
    assert name in chinese
    assert name in english
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
