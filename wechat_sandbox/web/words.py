"""Texts of WeChat's own pages in two languages. The page chooses one of them (`phone/language.js`)."""

from typing import NamedTuple


class Words(NamedTuple):
    """A text in Chinese and in English. The page has the Chinese text first."""

    zh: str
    en: str
