"""docs/architecture.md names packages, layers, steps and store keys as they are in the code."""

import re

from tests.launch import ROOT
from tests.test_house import LAYERS
from tests.test_steps import files_by_step

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """Return the section with this heading."""
    return PAGE.split(f"## {heading}\n")[1].partition("\n## ")[0]


def test_every_path_that_the_page_names_exists() -> None:
    top = "bot|handlers|templates|static|wechat_sandbox|tests|bench|deploy|docs"
    named = re.findall(rf"`((?:{top})/[\w/.]*)`", PAGE)
    assert len(named) >= 90
    assert not [name for name in named if not (ROOT / name).exists()]


def test_every_package_has_a_line() -> None:
    for package, heading in (
        ("bot", "The packages of bot/"),
        ("wechat_sandbox", "The packages of the sandbox"),
    ):
        packages = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
        assert packages <= set(re.findall(rf"^\| `{package}/(\w+)/` \|", section(heading), re.MULTILINE))


def test_the_layers_are_those_of_the_import_rules() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", section("The import rules"), re.MULTILINE)
    assert [(int(number), set(re.findall(r"`([\w.]+)`", packages))) for number, packages in rows] == [
        (number, packages) for number, packages in reversed(list(enumerate(LAYERS, 1)))
    ]
    allowed = section("The import rules").split("`handlers` imports only ")[1].split(".\n")[0]
    assert set(re.findall(r"`([\w.]+)`", allowed)) == {"bot"}


def test_the_steps_are_those_of_the_files() -> None:
    rows = re.findall(r"^\| (\d) \| [a-z]+: `(.*)` \| [a-z ]+: `(.*)` \|$", PAGE, re.MULTILINE)
    assert [(int(number), file) for number, file, _ in rows] == files_by_step("message")
    assert [(int(number), file) for number, _, file in rows] == files_by_step("visit")


def test_every_kind_of_key_has_a_row() -> None:
    kinds = set()
    for path in (ROOT / "bot").rglob("*.py"):
        kinds |= set(re.findall(r'f"([a-z-]+(?::[a-z]+)?):\{', path.read_text(encoding="utf-8")))
    kinds -= {"timetable", "budget"}  # names of timetables in Redis; the end of a token's key
    listed = " ".join(row.split("|")[1] for row in section("Where state lives").splitlines() if "|" in row)
    assert len(kinds) >= 20
    assert not [kind for kind in kinds if f"`{kind}:<" not in listed]
