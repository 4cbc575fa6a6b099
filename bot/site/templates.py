"""Templates in two languages: `$t("你好", "Hello")` is chosen when a template is compiled, once for all."""

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
    """The templates of a folder in one language, each compiled once. `base.html` frames pages."""

    def __init__(self, folder: Path, lang: str, names: dict[str, Any]) -> None:
        self._folder = folder
        self._lang = lang
        self._names = names
        self._compiled: dict[str, Any] = {}

    def page(self, template: str, **values: Any) -> str:
        """A template inside the base."""
        return str(self._template("base").t(self._template(template).t(**values)))

    def fragment(self, template: str, *values: Any) -> str:
        """A template by itself."""
        return str(self._template(template).t(*values))

    def faults(self) -> list[str]:
        """What keeps templates of the folder from being compiled, each with its file."""
        found = []
        for path in sorted(self._folder.glob("*.html")):
            try:
                self._template(path.stem)
            except Exception as error:  # a template is Python: it raises what it likes
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
    """`zh` or `en`: this request's."""
    known = web.ctx.get("language")
    if known is None:
        known = web.ctx.language = browser.language(web.ctx.env)
    return str(known)


def translate(chinese: str, english: str) -> str:
    """The one that this request's browser prefers."""
    return english if language() == "en" else chinese


def nonce() -> str:
    """This response's nonce: scripts and styles without it do not run."""
    return html.escape(str(web.ctx.get("nonce", "")))
