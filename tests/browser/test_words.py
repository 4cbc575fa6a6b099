"""The two languages of the page: every word in both, every word that the code asks for in the tables."""

import re

from tests.launch import ROOT

PHONE = ROOT / "wechat_sandbox" / "phone"
ASKED = re.compile(r'\bt\("([^"]+)"|data-t(?:-label)?="([^"]+)"')


def table(language: str) -> dict[str, str]:
    text = (PHONE / "words" / f"{language}.js").read_text(encoding="utf-8")
    entries = re.findall(r'(?:"([^"]*)"|(\w+)): "((?:[^"\\]|\\.)*)"', text)
    return {quoted or bare: words for quoted, bare, words in entries}


def test_both_languages_have_the_same_words() -> None:
    zh, en = table("zh"), table("en")
    assert len(zh) > 200
    assert zh.keys() == en.keys()
    for key in zh:
        places = [sorted(re.findall(r"\{\w+\}", words[key])) for words in (zh, en)]
        assert places[0] == places[1], key


def test_every_word_asked_for_exists() -> None:
    words = table("zh")
    for path in [*PHONE.rglob("*.js"), PHONE / "index.html"]:
        for match in ASKED.finditer(path.read_text(encoding="utf-8")):
            assert (match[1] or match[2]) in words, f"{path.name}: {match[0]}"


def test_nothing_touches_inner_html() -> None:
    for path in PHONE.rglob("*.js"):
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), path


def test_every_reason_that_is_translated_is_still_given() -> None:
    """The API speaks English; a sentence of it that changes must not fall out of the Chinese page unseen."""
    table = (PHONE / "words" / "reasons.js").read_text(encoding="utf-8")
    patterns = re.findall(r"^  \[/(.*)/s?, \"", table, re.MULTILINE)
    source = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "wechat_sandbox").rglob("*.py"))
    said = re.sub(r'"\s*\n\s*f?"', "", source)
    assert len(patterns) > 40
    for pattern in patterns:
        sure = re.split(
            r": |must be |\(.*?\)\??|\\[a-zA-Z][+*]?|\.\*\??|[\^$]|\|", pattern.replace(r"\/", "/")
        )
        longest = max((re.sub(r"\\(.)", r"\1", piece) for piece in sure), key=len).strip(" \\")
        assert longest in said, f"{pattern}: nobody says {longest!r}"
