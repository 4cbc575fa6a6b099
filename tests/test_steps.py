"""The steps of a message and of a visit have one number each, the same in the files and in docs/flow.md."""

import ast
import re

import pytest

from tests.launch import ROOT

ORDERS = {
    "message": ["endpoint", "gate", "record", "router", "handler", "answer", "seal"],
    "visit": ["page", "guard", "authorize redirect", "code", "token", "userinfo", "session"],
}
HEADINGS = {"message": "## The way of a message\n", "visit": "## The way of a page visit\n"}
KINDS = sorted(ORDERS)


def section(kind: str) -> str:
    """Return the section of docs/flow.md about the steps of a `message` or a `visit`."""
    whole = (ROOT / "docs" / "flow.md").read_text(encoding="utf-8")
    return whole.split(HEADINGS[kind])[1].partition("\n## ")[0]


def files_by_step(kind: str) -> list[tuple[int, str]]:
    """Return each file under bot/ whose first line begins with a number of this kind, in order."""
    found = []
    for path in (ROOT / "bot").rglob("*.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if step := re.match(rf"Step (\d) of a {kind}: ", said):
            found.append((int(step[1]), str(path.relative_to(ROOT))))
    return sorted(found)


def test_no_file_gives_its_number_in_another_form() -> None:
    for path in (ROOT / "bot").rglob("*.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if said.startswith("Step "):
            assert re.match(r"Step \d of a (message|visit): [a-z]", said), path


@pytest.mark.parametrize("kind", KINDS)
def test_each_step_has_one_file_and_the_document_names_it(kind: str) -> None:
    rows = re.findall(r"^\| (\d) ([a-z ]+) \| `([\w/.]+)` \|", section(kind), re.MULTILINE)
    assert [(int(number), file) for number, _, file in rows] == files_by_step(kind)
    assert [(int(number), name) for number, name, _ in rows] == list(enumerate(ORDERS[kind], 1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_draws_them_in_order(kind: str) -> None:
    drawing = section(kind).split("```")[1].strip().splitlines()
    order = ORDERS[kind]
    assert drawing[0].split(" -> ") == [*order, order[0]]
    assert drawing[1].split() == [str(number) for number in (*range(1, 8), 1)]


def test_every_file_that_the_document_names_exists() -> None:
    named = re.findall(r"`((?:bot|docs|tests)/[\w/.]+)`", (ROOT / "docs" / "flow.md").read_text("utf-8"))
    assert len(named) >= 40
    assert not [name for name in named if not (ROOT / name).is_file()]


@pytest.mark.parametrize(("kind", "package"), [("message", "bot/chat/wire"), ("visit", "bot/oauth")])
def test_every_file_that_a_step_names_without_its_room_exists(kind: str, package: str) -> None:
    named = re.findall(r"`(\w+\.py)`", section(kind))
    assert len(named) >= 3
    assert not [name for name in named if not (ROOT / package / name).is_file()]
