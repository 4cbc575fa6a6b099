"""The operator's package, which HANDLERS names: import it and check everything in it.

It has CHAT, PAGES, MENU and WORDING, and may have CONDITIONAL_MENUS and the folders `templates` and
`static`, whose files are used instead of shipped files of the same name. docs/handlers.md describes it. This
module must not serve anything.
"""

import difflib
import importlib
import linecache
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from bot.chat.route_check import route_faults
from bot.chat.router import Route
from bot.chat.wording import Wording
from bot.config import ROOT
from bot.errors import HandlersError, short_path
from bot.menu.buttons import Menu
from bot.site.page_check import page_faults
from bot.site.templates import Templates

_PARTS = {
    "CHAT": (list | tuple, 'CHAT = [on.text("hello", greet)]'),
    "PAGES": (list | tuple, "PAGES = [*login_pages]"),
    "MENU": (dict, 'MENU = {"button": []}'),
    "WORDING": (Wording, "WORDING = Wording(sorry=…, still_working=…, more=…, more_hint=…)"),
}
_OPTIONAL_PARTS = {
    "CONDITIONAL_MENUS": (
        list | tuple,
        'CONDITIONAL_MENUS = [{"button": […], "matchrule": {"tag_id": "100"}}]',
    ),
}


@dataclass(frozen=True)
class AccountPackage:
    """What the account says and shows. In `templates` and `static`, the first folder that has a file wins. A
    follower sees the first of `conditional_menus` whose matchrule fits, else `menu`."""

    chat: Sequence[Route]
    wording: Wording
    pages: Sequence[tuple[str, type]] = ()
    menu: Menu = field(default_factory=dict)
    templates: Sequence[Path] = (ROOT / "templates",)
    static: Sequence[Path] = (ROOT / "static",)
    conditional_menus: Sequence[Menu] = ()


def load_package(name: str) -> AccountPackage:
    """Import the package `name` and return its parts. Raises HandlersError with every fault at once; a
    package that cannot be imported has one fault."""
    module = _import(name)
    faults = list(_missing(module))
    if faults:
        raise HandlersError(name, faults)
    own = _folders(module)
    package = AccountPackage(
        module.CHAT,
        module.WORDING,
        module.PAGES,
        module.MENU,
        [*_existing(own, "templates"), ROOT / "templates"],
        [*_existing(own, "static"), ROOT / "static"],
        getattr(module, "CONDITIONAL_MENUS", ()),
    )
    faults = list(_faults(package))
    if faults:
        raise HandlersError(name, faults)
    return package


def _faults(package: AccountPackage) -> Iterator[str]:
    yield from route_faults(package.chat)
    yield from page_faults(package.pages, Templates(package.templates, "zh", {}))
    broken = [fault for lang in ("zh", "en") for fault in Templates(package.templates, lang, {}).faults()]
    yield from dict.fromkeys(broken)  # list a fault once, because most are the same in both languages


def _missing(module: ModuleType) -> Iterator[str]:
    file = short_path(module.__file__ or module.__name__)
    for name, (kind, example) in _PARTS.items():
        value = getattr(module, name, None)
        if value is None:
            yield f"{file} has no {name}: write {example}"
        elif not isinstance(value, kind):
            yield f"{file}: {name} is a {type(value).__name__}; write {example}"
    for name, (kind, example) in _OPTIONAL_PARTS.items():
        if hasattr(module, name):
            value = getattr(module, name)
            if not isinstance(value, kind):
                yield f"{file}: {name} is a {type(value).__name__}; write {example}"
        elif near := difflib.get_close_matches(name, vars(module), n=1, cutoff=0.9):
            yield f"{file} has {near[0]}, which nothing reads; did you mean {name}?"


def _folders(module: ModuleType) -> list[Path]:
    return [Path(folder).resolve() for folder in getattr(module, "__path__", [])]


def _existing(folders: Sequence[Path], name: str) -> list[Path]:
    return [folder / name for folder in folders if (folder / name).is_dir()]


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            problem = f"there is no package {name} in {Path.cwd()}; python -m bot new {name} makes one"
            raise HandlersError(name, [problem]) from None
        raise HandlersError(name, [_explain(error)]) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the package is the operator's code and may raise anything
        raise HandlersError(name, [_explain(error)]) from None


# Errors of Python whose message does not tell a beginner what to do, and what to add to the message.
_ADVICE = (
    (r"Route\.__init__\(\) got an unexpected keyword", "the options of a route are slow, ordered and inline"),
    (r"missing \d+ required positional argument", "in CHAT, name a function without ()"),
    (r"text\(\) takes \d+ positional arguments? but", 'write several texts as a list, ["a", "b"]'),
    (r"codec can't decode|Non-UTF-8 code", "save the file as UTF-8"),
)


def _explain(error: BaseException) -> str:
    """Return file, line and message of an error in the operator's package. A second line has the code."""
    if isinstance(error, SyntaxError) and error.filename:
        return _place(error.filename, error.lineno or 1, f"{type(error).__name__}: {error.msg}")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_foreign(frame.filename)] or frames
    said = traceback.TracebackException.from_exception(error).format_exception_only()
    return _place(own[-1].filename, own[-1].lineno or 1, "".join(said).strip().splitlines()[-1])


def _is_foreign(file: str) -> bool:
    """Return True for the files of the engine, of Python and of installed packages."""
    path = Path(file)
    return (
        file.startswith("<")
        or "site-packages" in path.parts
        or path.is_relative_to(ROOT / "bot")
        or (path.is_relative_to(Path(importlib.__file__).parents[1]))
    )


def _place(file: str, line: int, problem: str) -> str:
    advice = next((advice for sign, advice in _ADVICE if re.search(sign, problem)), "")
    problem += f"; {advice}" if advice else ""
    code = linecache.getline(file, line).strip()
    return f"{short_path(file)}, line {line}: {problem}" + (f"\n    {code}" if code else "")
