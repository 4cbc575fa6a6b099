"""The settings themselves: every fault at once and by name, no secret repeated, what a choice needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config, load_config
from bot.errors import ConfigError
from bot.settings.example import example
from bot.settings.table import rows
from tests.conftest import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, SECRET_KEY, TOKEN
from tests.launch import ROOT

GOOD = {
    "APP_ID": APP_ID,
    "APP_SECRET": SECRET,
    "TOKEN": TOKEN,
    "ENCODING_AES_KEY": AES_KEY,
    "ORIGINAL_ID": ORIGINAL_ID,
    "PUBLIC_URL": "https://bot.example.com",
    "SECRET_KEY": SECRET_KEY,
}


@pytest.fixture
def empty(tmp_path: Path) -> str:
    (tmp_path / "empty.py").write_text("")
    return str(tmp_path / "empty.py")


def environment(**changes: str) -> dict[str, str]:
    return {f"BOT_{name}": value for name, value in (GOOD | changes).items()}


def faults(path: str, env: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_config(path, env)
    return error.value.faults


def write(tmp_path: Path, text: str) -> str:
    file = tmp_path / "config.py"
    file.write_text(text, encoding="utf-8")
    return str(file)


# -- where settings come from


def test_settings_come_from_the_environment(empty: str) -> None:
    config = load_config(empty, environment(WORKERS="3", REPLAY_GUARD="true", DEADLINE_SECONDS="2.5"))
    assert (config.app_id, config.workers, config.replay_guard, config.deadline_seconds) == (
        APP_ID, 3, True, 2.5,
    )  # fmt: skip


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.config.ROOT", tmp_path)  # the operator may have a config.py there
    config = load_config(None, environment())
    assert config.mode == "plain"
    assert config.api_base == "https://api.weixin.qq.com"
    write(tmp_path, "MODE = 'safe'")
    assert load_config(None, environment()).mode == "safe"


def test_a_relative_path_of_an_sqlite_store_counts_from_the_project(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config(empty, environment()).store_url == f"sqlite:///{ROOT}/var/bot.db"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("HTTPS://Bot.Example.COM:443/", "https://bot.example.com"),
        ("http://Bot.example.com:80", "http://bot.example.com"),
        ("https://bot.example.com:80", "https://bot.example.com:80"),
        ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
        ("https://中文.cn", "https://xn--fiq228c.cn"),
        ("https://微信.中文.CN:8443/", "https://xn--vuqz89a.xn--fiq228c.cn:8443"),
    ],
)
def test_public_url_is_as_browsers_write_it(empty: str, given: str, read: str) -> None:
    """Forms are compared with it, and the URLs that /jssdk signs."""
    config = load_config(empty, environment(PUBLIC_URL=given))
    assert (config.public_url, config.origin) == (read, read)


# -- faults


def test_every_fault_is_told_at_once_and_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, "WORKERS = 0\nTOKENS = 'x'\nSTORE_URL = 'mysql://x'\nMODE = 'secret'\n")
    found = "\n".join(faults(path, {"BOT_LISTEN": "8080", "BOT_APP_ID": "wx1"}))
    for name in ("WORKERS", "TOKENS", "STORE_URL", "MODE", "LISTEN", "APP_ID"):
        assert name in found
    for name in ("APP_SECRET", "TOKEN", "ORIGINAL_ID", "PUBLIC_URL", "SECRET_KEY"):
        assert f"{name} is missing" in found


BAD = {
    "APP_ID": ["wx1", "0123456789abcdef00", "wx0123456789ABCDEF", APP_ID + "\n0"],
    "TOKEN": ["ab", "x" * 33, "with space", "符号符号"],
    "ENCODING_AES_KEY": ["x" * 42, "x" * 44, "=" * 43],
    "MODE": ["", "SAFE", "aes"],
    "ORIGINAL_ID": ["mybot", "gh_"],
    "ACCOUNT_KIND": ["personal"],
    "PUBLIC_URL": ["bot.example.com", "ftp://a", "https://", "https://a/?q=1", "https://a/#x", "http://[::1"],
    "LISTEN": ["8080", ":8080", "host:", "host:99999", "host:http"],
    "WORKERS": ["0", "65", "two", "1.5", ""],
    "STORE_URL": ["", "sqlite:///", "sqlite://bot.db", "postgres://x"],
    "SECRET_KEY": ["short"],
    "API_TIMEOUT": ["0", "nan", "inf", "-1"],
    "DEADLINE_SECONDS": ["5", "0"],
    "FRESHNESS_SECONDS": ["29", "3601"],
    "REPLAY_GUARD": ["perhaps"],
    "TOKEN_KIND": ["new"],
    "LATE_ANSWERS": ["yes"],
    "TEXT_LIMIT_BYTES": ["99"],
    "LOG_FORMAT": ["xml"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_a_bad_value_is_one_fault_that_begins_with_its_name(empty: str, name: str, value: str) -> None:
    (fault,) = faults(empty, environment(**{name: value}))
    assert fault.startswith(f"{name} ")


@pytest.mark.parametrize("mode", ["compatible", "safe"])
def test_the_aes_key_is_needed_unless_the_mode_is_plain(empty: str, mode: str) -> None:
    assert faults(empty, environment(ENCODING_AES_KEY="", MODE=mode)) == ["ENCODING_AES_KEY is missing"]
    assert load_config(empty, environment(ENCODING_AES_KEY="", MODE="plain"))


SMS = ["SMS_KEY_ID", "SMS_KEY_SECRET", "SMS_SIGN", "SMS_TEMPLATE"]


@pytest.mark.parametrize(
    ("choice", "missing"),
    [
        ({"LOGIN_WAY": "website"}, ["SITE_APP_ID", "SITE_APP_SECRET"]),
        ({"LOGIN_WAY": "embedded", "SITE_APP_ID": APP_ID}, ["SITE_APP_SECRET"]),
        ({"SMS_SENDER": "aliyun"}, SMS),
        ({"SMS_SENDER": "tencent"}, [*SMS, "SMS_APP_ID"]),
        ({"PHONE_REGIONS": ""}, ["PHONE_REGIONS"]),
        ({"PHONE_REGIONS": ","}, ["PHONE_REGIONS"]),
    ],
    ids=str,
)
def test_what_a_choice_makes_necessary_is_missing_by_name(
    empty: str, choice: dict[str, str], missing: list[str]
) -> None:
    assert faults(empty, environment(**choice)) == [f"{name} is missing" for name in missing]


def test_a_bad_value_is_not_missing_as_well(empty: str) -> None:
    (fault,) = faults(empty, environment(LOGIN_WAY="website", SITE_APP_ID="wx1", SITE_APP_SECRET="x"))
    assert fault == "SITE_APP_ID must be wx and 16 hex digits"


@pytest.mark.parametrize("value", ["1", "None", "b'x'", "['x']", "True"])
@pytest.mark.parametrize("name", ["APP_SECRET", "TOKEN", "PUBLIC_URL", "STORE_URL", "LISTEN"])
def test_a_value_of_another_type_in_the_file_is_a_fault(tmp_path: Path, name: str, value: str) -> None:
    env = environment()
    env.pop(f"BOT_{name}", None)
    found = faults(write(tmp_path, f"{name} = {value}"), env)
    assert any(fault.startswith(f"{name} ") for fault in found)


SECRETS = ("APP_SECRET", "TOKEN", "ENCODING_AES_KEY", "SECRET_KEY")


@pytest.mark.parametrize("name", SECRETS)
def test_no_fault_repeats_a_secret(empty: str, tmp_path: Path, name: str) -> None:
    wrong = "hunter2 %s!"
    env = environment(**{name: wrong, "WORKERS": "0"})
    assert wrong not in "\n".join(faults(empty, env))
    broken = write(tmp_path, f"{name} = {wrong!r}\nraise RuntimeError('{name} is {wrong}')")
    assert "hunter2" not in "\n".join(faults(broken, {}))


def test_a_store_urls_password_is_not_repeated(empty: str) -> None:
    assert "hunter2" not in "\n".join(faults(empty, environment(STORE_URL="redi://:hunter2@host")))


NO_SETTINGS = ROOT / "tests" / "__init__.py"  # a file that is there and sets nothing


@given(st.sampled_from(sorted(row.name for row in rows(Config))), st.text(max_size=20))
def test_any_text_for_any_setting_is_a_value_or_a_fault(name: str, value: str) -> None:
    try:
        load_config(str(NO_SETTINGS), environment(**{name: value}))
    except ConfigError as error:
        assert all(fault.startswith(name) for fault in error.faults)  # noqa: PT017  no other error is right


# -- the table


def test_the_example_as_it_is_asks_for_the_required_settings_only(tmp_path: Path) -> None:
    found = faults(write(tmp_path, example(Config)), {})
    required = [row.name for row in rows(Config) if row.is_required]
    assert sorted(found) == sorted(f"{name} is missing" for name in required)


def test_the_example_filled_in_is_good(tmp_path: Path) -> None:
    filled = write(
        tmp_path, example(Config) + "\n".join(f"{name} = {value!r}" for name, value in GOOD.items())
    )
    assert load_config(filled, {}).app_id == APP_ID


@pytest.mark.parametrize(
    ("kind", "late", "pushes"),
    [
        ("subscription", "auto", False),
        ("service", "auto", False),
        ("subscription-verified", "auto", True),
        ("service-verified", "auto", True),
        ("test", "auto", True),
        ("service-verified", "keep", False),
        ("subscription", "push", True),
    ],
)
def test_late_answers_are_pushed_where_they_may(empty: str, kind: str, late: str, pushes: bool) -> None:
    assert load_config(empty, environment(ACCOUNT_KIND=kind, LATE_ANSWERS=late)).can_push is pushes


# -- as a user meets it


@pytest.mark.parametrize("argv", [["-m", "bot"], ["-m", "bot", "check"], ["setup_menu.py"]], ids=" ".join)
def test_bad_settings_end_with_status_2_and_the_whole_list(empty: str, argv: list[str]) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env=env | {"BOT_CONFIG": empty, "BOT_WORKERS": "none", "BOT_APP_SECRET": "hunter2"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    for words in ("WORKERS must be", "APP_ID is missing", "TOKEN is missing", "SECRET_KEY is missing"):
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
