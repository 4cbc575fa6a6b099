"""Compile templates once for each language. Before that, each `$t("你好", "Hello")` is replaced by its
text in this language.

This module must not depend on which pages exist.
"""

import html
import re
from pathlib import Path
from typing import Any

import web

from bot.oauth import browser

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_APOSTROPHED = r"'((?:[^'\\]|\\.)*)'"
_PAIR = re.compile(rf"\$t\((?:{_TEXT}, {_TEXT}|{_APOSTROPHED}, {_APOSTROPHED})\)")


class Templates:
    """The templates of a folder in one language. Each is compiled when it is first used. All of them can use
    `names`. `base.html` surrounds every page."""

    def __init__(self, folder: Path, lang: str, names: dict[str, Any]) -> None:
        self._folder = folder
        self._lang = lang
        self._names = names
        self._compiled: dict[str, Any] = {}

    def page(self, template: str, **values: Any) -> str:
        """Return the HTML of a template inside `base.html`."""
        return str(self._template("base").t(self._template(template).t(**values)))

    def fragment(self, template: str, *values: Any) -> str:
        """Return the HTML of a template without the base."""
        return str(self._template(template).t(*values))

    def faults(self) -> list[str]:
        """Compile all templates. Return a line with file and error for each that cannot be compiled."""
        found = []
        for path in sorted(self._folder.glob("*.html")):
            try:
                self._template(path.stem)
            except Exception as error:  # a template is Python code and may raise any exception
                found.append(f"{path.name}: {type(error).__name__}: {str(error).partition(chr(10))[0]}")
        return found

    def _template(self, name: str) -> Any:
        found = self._compiled.get(name)
        if found is None:
            path = self._folder / f"{name}.html"
            text = _PAIR.sub(self._choose, path.read_text(encoding="utf-8"))
            found = web.template.Template(text, filename=str(path), globals=self._names)
            self._compiled[name] = found
        return found

    def _choose(self, pair: re.Match[str]) -> str:
        texts = [text for text in pair.groups() if text is not None]
        chosen = texts[1] if self._lang == "en" else texts[0]
        return html.escape(chosen).replace("$", "$$")


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
