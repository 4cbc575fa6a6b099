"""docs/security.md keeps up with the tests and with what is logged."""

import re

import pytest

from tests.launch import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (?!attack|input)[^-]", line)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_every_row_names_tests_that_are_there(row: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", row.strip("| ").split(" | ")[-1])
    assert named, "an attack without a test"
    for file, name in named:
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{file} has no {name}"


def test_the_tables_have_all_their_rows() -> None:
    assert len(ROWS) >= 45


def test_every_audit_event_is_on_the_page() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("bot", "handlers")
        for path in (ROOT / folder).rglob("*.py")
    )
    events = set(re.findall(r"\baudit\(\s*\"([\w-]+)\"", code))
    assert len(events) >= 7
    told = PAGE.partition("## What is logged")[2]
    for event in events - {"login-"}:
        assert f"`{event}`" in told
