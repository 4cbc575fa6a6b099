"""Templates: whose folder wins, and which line of which file a fault names."""

import traceback
from pathlib import Path

import pytest

from bot.errors import TemplateError
from bot.site.templates import Templates

# Each with the line of its fault. What stands above that line moves the lines of web.py's own code.
BROKEN = {
    "a bracket": ("$def with (a)\n<p>1</p>\n<p>$a.b(</p>\n<p>4</p>\n", 3),
    "a bracket on the last line": (
        "$def with (a)\n$if a:\n    1\n$else:\n    2\n<p>$a[</p>",
        6,
    ),
    "no colon": ("$def with (a)\n<p>2</p>\n$if a\n    <p>4</p>\n", 3),
    "no header": ("<p>1</p>\n$if 1 ==:\n    <p>3</p>\n", 2),
    "the header": ("$def with (a\n<p>1</p>\n", 1),
    "after a loop": ("$def with (a)\n$for x in a:\n    <p>$x</p>\n$if a ==:\n    <p>5</p>\n", 4),
    "after two": ("<p>1</p>\n$for x in [1]:\n    $for y in [1]:\n        <p>$y</p>\n\n$ z = = 1\n", 6),
    "code": ("$def with (a)\n$code:\n    x = = 1\n", 3),
    "an import": ("$def with (a)\n<p>2</p>\n$code:\n    import os\n", 4),
    "an underscore": ("$def with (a)\n\n<p>$a.__class__</p>\n", 3),
    "else alone": ("$def with (a)\n<p>2</p>\n$else:\n    <p>4</p>\n", 3),
}


@pytest.mark.parametrize(("text", "line"), BROKEN.values(), ids=BROKEN)
def test_a_fault_names_file_and_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "orders.html").write_text(text)
    (tmp_path / "fine.html").write_text("$def with (x)\n$x $t('a', 'b')\n")
    (fault,) = Templates([tmp_path], "zh", {}).faults()
    assert fault.startswith(f"{tmp_path}/orders.html, line {line}: ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$name，你好", "小明，你好"),
        ("$name。$name！（$name）", "小明。小明！（小明）"),
        ("$order.number：$order.price€", "7：3€"),
        ('$order.of("，")、$names[0]……', "of ，、小明……"),
        ("$(name)你好，${name}’s", "小明你好，小明’s"),
        ("$:name。", "小明。"),
        ("$if name == '小明，':\n    yes\n$else:\n    no，$name；", "no，小明；"),
    ],
)
def test_an_expression_ends_before_a_sign_that_no_name_can_have(
    tmp_path: Path, text: str, shown: str
) -> None:
    """From Python 3.12 on, its tokenizer takes `name，` for one name."""

    class Order:
        number, price = 7, 3

        def of(self, sign: str) -> str:
            return f"of {sign}"

    (tmp_path / "orders.html").write_text(f"$def with (name, names, order)\n{text}\n", encoding="utf-8")
    templates = Templates([tmp_path], "zh", {})
    assert templates.fragment("orders", "小明", ["小明"], Order()).strip() == shown


RAISING = {
    "plain": ("$def with (a)\n<p>2</p>\n<p>$a.fault</p>\n", 3),
    "no header": ("$ a = 1\n\n<p>$a.fault</p>\n", 3),
    "in a loop": ("$def with (a)\n$for x in [1]:\n    <p>$x</p>\n    $x.fault\n", 4),
    "after loops": ("$def with (a)\n$for x in [1]:\n    $for y in [1]:\n        <p>1</p>\n$a.fault\n", 5),
    "after branches": ("$def with (a)\n$if a:\n    1\n$elif 2:\n    2\n$else:\n    3\n\n$a.fault\n", 9),
    "after code": ("$def with (a)\n$code:\n    x = 1\n    y = 2\n\n$a.fault\n", 6),
    "after a variable": ("$def with (a)\n$var title: x\n$a.fault\n", 3),
    "after a function": ("$def with (a)\n$def f(x):\n    <p>$x</p>\n\n$:f(1)\n$a.fault\n", 6),
}


@pytest.mark.parametrize(("text", "line"), RAISING.values(), ids=RAISING)
def test_an_error_while_a_page_is_made_has_the_line_of_the_template(
    tmp_path: Path, text: str, line: int
) -> None:
    (tmp_path / "orders.html").write_text(text)
    templates = Templates([tmp_path], "zh", {})
    with pytest.raises(AttributeError) as error:
        templates.fragment("orders", *[1] * text.startswith("$def"))
    assert [frame.lineno for frame in traceback.extract_tb(error.tb) if "orders" in frame.filename] == [line]


def test_the_first_folder_that_has_a_template_wins(tmp_path: Path) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    for folder, names in ((own, ["home"]), (shipped, ["home", "about"])):
        folder.mkdir()
        for name in names:
            (folder / f"{name}.html").write_text(f"{folder.name} {name}")
    templates = Templates([own, shipped], "zh", {})
    assert templates.fragment("home").strip() == "own home"
    assert templates.fragment("about").strip() == "shipped about"
    assert templates.names() == {"home", "about"}
    with pytest.raises(TemplateError, match=r"no template orders\.html in .*own or .*shipped"):
        templates.fragment("orders")
