"""STORE_URL taken apart: which store it is, and where its file lies."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.url import StoreUrl
from tests.launch import ROOT


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///var/bot.db", "var/bot.db"),
        ("sqlite:////var/lib/bot.db", "/var/lib/bot.db"),
        ("sqlite:///sqlite:///bot.db", "sqlite:///bot.db"),
        ("redis://:hunter2@host:6379/0", None),
        ("rediss://host/0", None),
        ("unix:///run/redis.sock", None),
    ],
)
def test_a_url_is_of_an_sqlite_file_or_of_redis(text: str, path: str | None) -> None:
    assert StoreUrl.parse(text) == StoreUrl(text, path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sqlite:///",
        "sqlite://bot.db",
        "REDIS://x",
        "redi://:hunter2@host",
    ],
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be sqlite:///path or redis://host:port/db$"):
        StoreUrl.parse(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sqlite:///var/bot.db", "sqlite:////srv/bot/var/bot.db"),
        ("sqlite:////var/bot.db", "sqlite:////var/bot.db"),
        ("redis://host/0", "redis://host/0"),
    ],
)
def test_a_relative_path_counts_from_the_folder_that_is_given(text: str, found: str) -> None:
    assert StoreUrl.parse(text).under(Path("/srv/bot")).text == found


@given(st.sampled_from(["sqlite:///", "redis://", ""]), st.text(min_size=1, max_size=20))
def test_whatever_is_read_can_be_read_again(scheme: str, rest: str) -> None:
    try:
        url = StoreUrl.parse(scheme + rest).under(Path("/srv/bot"))
    except ValueError:
        return
    assert StoreUrl.parse(url.text) == url
    assert (url.sqlite_path is None) == (scheme != "sqlite:///")


def test_reading_a_url_or_the_settings_loads_no_client_of_redis() -> None:
    program = "import sys, bot.config, bot.store.url\nprint(sorted({'redis', 'huey'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
