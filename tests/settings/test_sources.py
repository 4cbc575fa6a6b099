"""Where values come from: a file, the environment, defaults. A small table stands for the bot's own."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings import sources
from bot.settings.readers import flag, number, text
from bot.settings.sources import Reading
from bot.settings.table import setting


@dataclass(frozen=True)
class Table:
    app_id: str = setting("", text, "the id", required=True)
    app_secret: str = setting("", text, "the secret", required=True)
    account_kind: str = setting("service", text, "the kind")
    workers: int = setting(2, number(1, 64, int), "processes")
    replay_guard: bool = setting(False, flag, "guard")


GOOD = {"BOT_APP_ID": "wx1", "BOT_APP_SECRET": "secret"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "settings.py") -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def read(path: str | None = None, env: dict[str, str] | None = None, root: Path = Path("nowhere")) -> Reading:
    return sources.read(Table, path, GOOD if env is None else env, root)


def refusal(path: str | None, env: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        read(path, env)
    (fault,) = error.value.faults
    return fault


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(folder: Path) -> None:
    path = write(folder, "import os\n_PRIVATE = 1\nlower = 2\nWORKERS = 5\nREPLAY_GUARD = True")
    reading = read(path, GOOD | {"BOT_WORKERS": "7"})
    assert reading == Reading(
        {
            "app_id": "wx1",
            "app_secret": "secret",
            "account_kind": "service",
            "workers": 7,
            "replay_guard": True,
        },
        faults=[],
        missing=[],
    )


def test_bot_config_names_the_file_unless_the_caller_does(folder: Path) -> None:
    path, other = write(folder, "WORKERS = 5"), write(folder, "WORKERS = 6", "other.py")
    assert read(None, GOOD | {"BOT_CONFIG": path}).values["workers"] == 5
    assert read(other, GOOD | {"BOT_CONFIG": path}).values["workers"] == 6


def test_config_py_is_read_from_the_current_folder_before_the_root(folder: Path) -> None:
    root = folder / "root"
    root.mkdir()
    assert read(root=root).values["workers"] == 2
    write(root, "WORKERS = 5", "config.py")
    assert read(root=root).values["workers"] == 5
    write(folder, "WORKERS = 6", "config.py")
    assert read(root=root).values["workers"] == 6


def test_required_settings_that_are_empty_are_missing_and_no_faults() -> None:
    reading = read(env={"BOT_APP_ID": " "})
    assert (reading.faults, reading.missing) == ([], ["APP_ID", "APP_SECRET"])


def test_a_bad_value_is_a_fault_with_its_name_and_no_value(folder: Path) -> None:
    reading = read(write(folder, "WORKERS = 0\nAPP_SECRET = 12"), {"BOT_APP_ID": "wx1"})
    assert reading.faults == ["APP_SECRET must be a text", "WORKERS must be between 1 and 64, not 0"]
    assert set(reading.values) == {"app_id", "account_kind", "replay_guard"}
    assert reading.missing == []


def test_an_unknown_name_of_the_file_gets_a_suggestion_where_one_is_near(folder: Path) -> None:
    path = write(folder, "ZEBRA = 1\nAPPID = 'x'")
    assert read(path).faults == [
        f"APPID in {path} is no setting; did you mean APP_ID?",
        f"ZEBRA in {path} is no setting",
    ]


def test_a_misspelt_variable_gets_a_suggestion_and_those_of_other_programs_are_left_alone() -> None:
    reading = read(env=GOOD | {"BOT_ACOUNT_KIND": "service", "BOT_HOST_OF_OTHERS": "x"})
    assert reading.faults == [
        "BOT_ACOUNT_KIND in the environment is no setting; did you mean BOT_ACCOUNT_KIND?"
    ]


BROKEN = ["APP_ID = ", "APP_ID = 'unclosed", "1/0", "import nothing_of_that_name", "raise SystemExit(3)"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_file_that_cannot_be_run_is_the_only_fault_and_names_its_line(folder: Path, text: str) -> None:
    path = write(folder, f"WORKERS = 0\n{text}\n")
    fault = refusal(path, {})
    assert fault.startswith(f"{path} cannot be read: ")
    assert fault.endswith(", line 2")


def test_a_module_that_the_file_misses_is_named_and_a_word_of_its_own_is_not(folder: Path) -> None:
    assert "nothing_of_that_name" in refusal(write(folder, "import nothing_of_that_name"))
    assert "hunter2" not in refusal(write(folder, "APP_SECRET = hunter2"))


def test_a_file_that_is_not_there_is_the_only_fault(folder: Path) -> None:
    missing = str(folder / "none.py")
    assert refusal(missing, {}) == f"BOT_CONFIG names {missing}, which is not there"
    assert refusal(None, {"BOT_CONFIG": missing}) == f"BOT_CONFIG names {missing}, which is not there"
