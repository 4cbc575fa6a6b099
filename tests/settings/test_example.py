"""`config.example.py`: the table as a file that people copy."""

import ast

from bot.config import Config
from bot.settings.example import example
from bot.settings.table import rows
from tests.launch import ROOT


def test_the_example_file_is_the_table() -> None:
    assert (ROOT / "config.example.py").read_text(encoding="utf-8") == example(Config)


def test_the_example_file_is_python_with_every_setting_and_its_default() -> None:
    assigned = {
        node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]
        for node in ast.parse(example(Config)).body
        if isinstance(node, ast.Assign)
    }
    assert assigned == {row.name: row.default for row in rows(Config)}


def test_every_setting_has_one_line_of_help() -> None:
    for row in rows(Config):
        assert row.help
        assert "\n" not in row.help
