"""The rows of a table are its fields, in order."""

from dataclasses import dataclass

from bot.settings.readers import flag, text
from bot.settings.table import Setting, rows, setting


@dataclass(frozen=True)
class Table:
    app_id: str = setting("", text, "the id", required=True)
    debug: bool = setting(False, flag, "more words")


def test_a_row_has_all_that_is_known_of_a_setting() -> None:
    assert rows(Table) == [
        Setting("app_id", "", text, "the id", is_required=True),
        Setting("debug", False, flag, "more words", is_required=False),
    ]
    assert [row.name for row in rows(Table)] == ["APP_ID", "DEBUG"]


def test_a_table_is_a_dataclass_with_its_defaults() -> None:
    assert Table() == Table(app_id="", debug=False)
