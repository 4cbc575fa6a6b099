"""The steps of a visit have one number each, the same in the files and in docs/flow.md."""

import ast
import re

from tests.launch import ROOT

ORDER = ["page", "guard", "authorize redirect", "code", "token", "userinfo", "session"]
FLOW = (ROOT / "docs" / "flow.md").read_text(encoding="utf-8").split("## The way of a page visit")[1]


def files_by_step() -> list[tuple[int, str]]:
    """Return each file under bot/ that says to be a step of a visit, with its number, in order."""
    found = []
    for path in (ROOT / "bot").rglob("*.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if step := re.match(r"Step (\d) of a visit: ", said):
            found.append((int(step[1]), str(path.relative_to(ROOT))))
    return sorted(found)


def test_each_step_has_one_file_and_the_document_names_it() -> None:
    rows = re.findall(r"^\| (\d) ([a-z ]+) \| `([\w/.]+)` \|", FLOW, re.MULTILINE)
    assert [(int(number), file) for number, _, file in rows] == files_by_step()
    assert [(int(number), name) for number, name, _ in rows] == list(enumerate(ORDER, 1))


def test_the_document_draws_them_in_order() -> None:
    drawing = FLOW.split("```")[1].strip().splitlines()
    assert drawing[0].split(" -> ") == [*ORDER, "page"]
    assert drawing[1].split() == ["1", "2", "3", "4", "5", "6", "7", "1"]


def test_every_file_that_the_document_names_exists() -> None:
    named = re.findall(r"`(?:bot/oauth/)?(\w+\.py)`", FLOW)
    assert len(named) >= 10
    assert not [name for name in named if not (ROOT / "bot" / "oauth" / name).is_file()]
