"""docs/flow.md names the tests that check its guarantees, which exist, and every word for a refusal."""

import re

from tests.launch import ROOT


def test_every_test_that_the_guarantees_name_exists() -> None:
    text = (ROOT / "docs" / "flow.md").read_text(encoding="utf-8")
    rows = [
        line for line in text.split("## Guarantees")[1].split("\n## ")[0].splitlines() if "`tests/" in line
    ]
    named = [name for row in rows for name in re.findall(r"`(tests/[\w/.]+)`", row)]
    assert len(rows) >= 10
    assert not [name for name in named if not (ROOT / name).is_file()]


def test_every_reason_for_a_refusal_is_explained_and_no_other() -> None:
    table = (ROOT / "docs" / "flow.md").read_text(encoding="utf-8").split("| `reason=` |")[1]
    rows = [line for line in table.split("\n\n")[0].splitlines() if line.startswith("| `")]
    explained = [word for row in rows for word in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])]
    assert sorted(explained) == sorted(reasons())


def reasons() -> set[str]:
    """Every word that the source gives as a reason: to Refused, to _wrong_mode, to a response."""
    given = re.compile(r'(?:Refused\(\d+, |_wrong_mode\(|"reason": )"([a-z0-9-]+)"')
    return {word for path in (ROOT / "bot").rglob("*.py") for word in given.findall(path.read_text("utf-8"))}
