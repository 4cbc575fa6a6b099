"""docs/flow.md names the tests that hold its promises: they exist."""

import re

from tests.launch import ROOT


def test_every_test_that_the_promises_name_exists() -> None:
    text = (ROOT / "docs" / "flow.md").read_text(encoding="utf-8")
    rows = [line for line in text.split("## Promises")[1].split("\n## ")[0].splitlines() if "`tests/" in line]
    named = [name for row in rows for name in re.findall(r"`(tests/[\w/.]+)`", row)]
    assert len(rows) >= 10
    assert not [name for name in named if not (ROOT / name).is_file()]
