"""Local paths: no redirect leaves for another site. (Forms are tried by HTTP in tests/accounts.)"""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.site.forms import local_path, signer


@pytest.mark.parametrize("path", ["/", "/account", "/a/b?c=d&e=%E4%B8%AD", "/x#part", "/a//b", "/?to=/x"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "x", "//evil", "///evil", "/\\evil", "\\evil", "/%5Cevil", "/%2Fevil", "https://evil",
     "javascript:alert(1)", "/a\r\nLocation: //evil", "/%0d%0aLocation:x", "/\t/evil", " //evil", "/ /evil",
     "/" + "a" * 600, "\x00/", "/\x7f"],
)  # fmt: skip
def test_anything_else_is_the_default(path: str) -> None:
    assert local_path(path, "/home") == "/home"


@given(st.text(max_size=40).map(lambda text: "/" + text))
def test_no_text_leads_elsewhere(path: str) -> None:
    kept = local_path(path)
    assert urlsplit(urljoin("https://bot.example.com/", kept)).netloc == "bot.example.com"
    assert "\\" not in kept


def test_tokens_are_bound_to_session_and_key() -> None:
    assert signer("k" * 32).sign("session") == signer("k" * 32).sign("session")
    assert (
        len({signer("k" * 32).sign("one"), signer("k" * 32).sign("two"), signer("j" * 32).sign("one")}) == 3
    )
