"""Words of WeChat's own pages in both languages; the page itself chooses (`phone/language.js`)."""

from typing import NamedTuple


class Words(NamedTuple):
    """Chinese is what the page is written in, English what it turns into."""

    zh: str
    en: str
