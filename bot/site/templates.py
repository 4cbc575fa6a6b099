"""Compile templates once for each language. Before that, each `$t("你好", "Hello")` is replaced by its
text in this language.

This module must not depend on which pages exist.
"""

import ast
import html
import re
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import web

from bot.errors import TemplateError, short_path
from bot.oauth import browser

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_APOSTROPHED = r"'((?:[^'\\]|\\.)*)'"
_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]")
_PAIR = re.compile(rf"\$t\((?:{_TEXT}, {_TEXT}|{_APOSTROPHED}, {_APOSTROPHED})\)")


class Templates:
    """The templates of `folders` in one language. If several folders have a template of the same name, the
    first folder wins. Each template is compiled when it is first used. All of them can use `names`.
    `base.html` surrounds every page."""

    def __init__(self, folders: Sequence[Path], lang: str, names: dict[str, Any]) -> None:
        self._folders = folders
        self._lang = lang
        self._names = names
        self._compiled: dict[str, Any] = {}

    def page(self, template: str, **values: Any) -> str:
        """Return the HTML of a template inside `base.html`."""
        return str(self._template("base").t(self._template(template).t(**values)))

    def fragment(self, template: str, *values: Any) -> str:
        """Return the HTML of a template without the base."""
        return str(self._template(template).t(*values))

    def names(self) -> set[str]:
        """Return the names of all templates, without `.html`."""
        return {path.stem for folder in self._folders for path in folder.glob("*.html")}

    def faults(self) -> list[str]:
        """Compile all templates. Return a line with file, line and error for each that cannot be compiled."""
        found = []
        for name in sorted(self.names()):
            try:
                self._template(name)
            except TemplateError as error:
                found.append(str(error))
        return found

    def _template(self, name: str) -> Any:
        found = self._compiled.get(name)
        if found is None:
            path = self._path(name)
            text = _PAIR.sub(self._choose, path.read_text(encoding="utf-8"))
            found = _LineTemplate(text, filename=str(path), globals=self._names)
            self._compiled[name] = found
        return found

    def _path(self, name: str) -> Path:
        for folder in self._folders:
            if (folder / f"{name}.html").is_file():
                return folder / f"{name}.html"
        searched = " or ".join(str(folder) for folder in self._folders)
        raise TemplateError(f"there is no template {name}.html in {searched}")

    def _choose(self, pair: re.Match[str]) -> str:
        texts = [text for text in pair.groups() if text is not None]
        chosen = texts[1] if self._lang == "en" else texts[0]
        return html.escape(chosen).replace("$", "$$")


class _Parser(web.template.Parser):
    """A parser for which an expression ends before a Chinese comma, as in `$name，你好`.

    web.py reads expressions with Python's tokenizer, which since Python 3.12 takes `name，` for one name.
    """

    def read_expr(self, text: str, escape: bool = True) -> tuple[Any, str]:
        """Return the expression at the beginning of `text`, and the text after it. Overrides web.py's."""
        _, rest = super().read_expr(_OUTSIDE_ASCII.sub(_as_ascii, text), escape)
        end = len(text) - len(rest)
        return web.template.ExpressionNode(text[:end], escape), text[end:]


web.template.Parser = _Parser  # web.py makes one by this name for each block of `$if`, `$for` …


def _as_ascii(sign: re.Match[str]) -> str:
    """Replace a character that no Python name can have by one that ends a name."""
    return sign[0] if f"a{sign[0]}".isidentifier() else "?"


class _LineTemplate(web.template.Template):
    """A template whose errors have the line of its file.

    web.py makes Python code of a template and reports the line of that code, which is four or more lines
    further down.
    """

    def compile_template(self, text: str, filename: str) -> Any:
        """Return the code object of a template. Overrides web.py's. Raises TemplateError."""
        try:
            code = self.generate_code(text, filename, parser=self.create_parser())
            tree = ast.parse(code, filename)
        except SyntaxError as error:
            raise _fault(
                filename,
                _line(code, error.lineno or 0),
                f"{type(error).__name__}: {_without_lines(error.msg)}",
            ) from None
        except tokenize.TokenError:
            problem = "a bracket or a text is not closed"
            raise _fault(filename, _unclosed(text, self.create_parser), problem) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt | ast.expr):
                node.lineno = _line(code, node.lineno)
                node.end_lineno = node.end_col_offset = None
        try:
            web.template.SafeVisitor().walk(tree, filename)
        except web.template.SecurityError as error:
            place, _, problem = str(error).partition(" - ")
            raise _fault(filename, int(place.rpartition(":")[2]), problem) from None
        return compile(tree, filename, "exec")


def _fault(filename: str, line: int, problem: str) -> TemplateError:
    return TemplateError(f"{short_path(filename)}, line {line}: {problem}")


def _without_lines(problem: str) -> str:
    """Leave out `on line 6`, a line of the code that web.py has made of the template."""
    return re.sub(r" on line \d+", "", problem)


def _line(code: str, number: int) -> int:
    """Return the line of the template from which web.py made line `number` of `code`. web.py notes in
    `_lineoffset_` where it has added lines."""
    added = re.findall(r"_lineoffset_ -?= -?(\d+)", "\n".join(code.splitlines()[:number]))
    return max(1, number - (sum(map(int, added)) or 1))


def _unclosed(text: str, create_parser: Any) -> int:
    """Return the first line of the template up to which it cannot be read, because of a missing bracket."""
    lines = text.splitlines(keepends=True)
    for number in range(1, len(lines)):
        try:
            create_parser().parse("".join(lines[:number]), "")
        except tokenize.TokenError:
            return number
        except SyntaxError:  # an $if at the end of this part, whose lines follow
            continue
    return len(lines)


def language() -> str:
    """Return `zh` or `en`, the language of this request."""
    known = web.ctx.get("language")
    if known is None:
        known = web.ctx.language = browser.language(web.ctx.env)
    return str(known)


def translate(chinese: str, english: str) -> str:
    """Return the text in the language of this request."""
    return english if language() == "en" else chinese


def nonce() -> str:
    """Return the nonce of this response. Browsers ignore scripts and styles without it."""
    return html.escape(str(web.ctx.get("nonce", "")))
