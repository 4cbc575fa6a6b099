"""Read the values of settings from the environment and from a Python file. The environment has priority.

All faults are collected, instead of only the first one. A fault never quotes the text of the file or of an
exception, because either may contain a secret.
"""

import difflib
import runpy
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import ConfigError
from bot.settings.table import rows

_NEARLY = 0.85  # the least similarity, from 0 to 1, at which one name counts as a misspelling of another


@dataclass(frozen=True)
class Reading:
    """The result of reading all settings of a table.

    `values` has the good values by field; `faults` one line for each bad or unknown one, beginning with its
    name; `missing` the names of required settings that are empty.
    """

    values: dict[str, Any]
    faults: list[str]
    missing: list[str]


def read(table: type, path: str | None, env: Mapping[str, str], root: Path) -> Reading:
    """Read every setting of `table`: from `BOT_<NAME>` in `env`, else from the file, else its default.

    The file is `path`, else the one that BOT_CONFIG names, else `config.py` in the current folder or in
    `root`, if there is one. Raises ConfigError if the file cannot be read, because missing settings cannot be
    found then.
    """
    settings = rows(table)
    names = [row.name for row in settings]
    file = _file(path or env.get("BOT_CONFIG"), root)
    in_file = _run(file) if file else {}
    reading = Reading({}, [*_unknown(in_file, names, file), *_misspelt(env, names)], [])
    for row in settings:
        given = env.get(f"BOT_{row.name}", in_file.get(row.name, row.default))
        try:
            value = row.read(given)
        except ValueError as fault:
            reading.faults.append(f"{row.name} {fault}")
            continue
        reading.values[row.field] = value
        if row.is_required and not value:
            reading.missing.append(row.name)
    return reading


def _file(path: str | None, root: Path) -> Path | None:
    """Return the file to read, or None if no file is named and there is no `config.py`."""
    if path:
        if not Path(path).is_file():
            raise ConfigError([f"BOT_CONFIG names {path}, which is not there"])
        return Path(path)
    return next((file for file in (Path("config.py"), root / "config.py") if file.is_file()), None)


def _run(file: Path) -> dict[str, Any]:
    """Run `file` and return the values of its names in capitals. Raises ConfigError if it cannot be run."""
    try:
        found = runpy.run_path(str(file))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the error's text may hold a secret, its type does not
        module = f" of {error.name}" if isinstance(error, ImportError) and error.name else ""
        problem = f"{file} cannot be read: {type(error).__name__}{module}{_line(error, file)}"
        raise ConfigError([problem]) from None
    return {name: value for name, value in found.items() if name.isupper() and not name.startswith("_")}


def _line(error: BaseException, file: Path) -> str:
    """Return `, line 3` for the line of `file` that failed, or an empty text if it is unknown."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f", line {error.lineno}"
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(file)
    ]
    return f", line {lines[-1]}" if lines else ""


def _unknown(in_file: Mapping[str, Any], names: Sequence[str], file: Path | None) -> Iterator[str]:
    """Yield a fault for each name in the file that is not a setting, with the most similar setting."""
    for name in sorted(set(in_file) - set(names)):
        near = difflib.get_close_matches(name, names, n=1)
        yield f"{name} in {file} is no setting" + (f"; did you mean {near[0]}?" if near else "")


def _misspelt(env: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    """Yield a fault for each variable whose name is similar to the name of a setting. Other BOT_ variables
    may belong to another program."""
    for variable in sorted(env):
        name = variable.removeprefix("BOT_")
        if variable.startswith("BOT_") and name not in (*names, "CONFIG"):
            for near in difflib.get_close_matches(name, names, n=1, cutoff=_NEARLY):
                yield f"{variable} in the environment is no setting; did you mean BOT_{near}?"
