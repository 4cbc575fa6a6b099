"""`python -m bot new NAME`: make a package for an account of one's own, with comments in Chinese.

The files are made from `new_package/`: NAME in them becomes the name of the package. This module needs no
settings, and must not change files that exist.
"""

import importlib.util
import keyword
import re
import shutil
import sys
import tempfile
from pathlib import Path

from bot.cli.terminal import complain, say

_FILES = Path(__file__).parent / "new_package"
# Folders and modules that a clone may have beside the package.
_OURS = {"bot", "config", "handlers", "setup_menu", "static", "templates", "tests", "var", "wechat_sandbox"}

_NEXT_STEPS = """下一步：
  试一试    BOT_HANDLERS={name} make run
  测一测    make test-account HANDLERS={name}
  上线      在 config.py 里写 HANDLERS = "{name}"
写法见 docs/handlers.md，网页见 docs/pages.md。"""


def new(name: str) -> int:
    """Make the package in the current folder. Return exit status 0, or 2 if the name cannot be used."""
    if problem := _problem(name):
        complain(problem)
        return 2
    # made elsewhere first, so that an interrupted command leaves no half package
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=Path.cwd()) as folder:
        made = Path(folder) / name
        shutil.copytree(_FILES, made, ignore=shutil.ignore_patterns("__pycache__"))
        for path in sorted(file for file in made.rglob("*.txt")):
            text = path.read_text(encoding="utf-8").replace("NAME", name)
            path.unlink()
            path.with_name(path.name.removesuffix(".txt").replace("NAME", name)).write_text(
                text, encoding="utf-8"
            )
        made.rename(Path.cwd() / name)
    say(f"建好了 {name}/：")
    for path in sorted(file for file in Path(name).rglob("*") if file.is_file()):
        say(f"  {path}")
    say(_NEXT_STEPS.format(name=name))
    return 0


def _problem(name: str) -> str | None:
    """Return why there can be no package of this name, in Chinese and English, or None."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return (
            f"{name!r} 不能作包名：请用小写字母开头，只含小写字母、数字和下划线，例如 shop。\n"
            f"{name!r} cannot name a package: begin with a lower-case letter, then use lower-case letters, "
            "digits and underscores, for example shop."
        )
    if Path(name).exists():
        return f"这里已经有 {name} 了，没有改动它。\n{name} exists already; nothing was changed."
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return (
            f"{name} 是 Python 的关键字，换一个，例如 my_{name}。\n"
            f"{name} is a word of Python; take another name, for example my_{name}."
        )
    if name in _OURS or name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None:
        return (
            f"{name} 已经是别的模块的名字，换一个，例如 my_{name}。\n"
            f"{name} is the name of another module; take another name, for example my_{name}."
        )
    return None
