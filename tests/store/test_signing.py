"""Signatures, and the fingerprints under which secrets are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.signing import Signer, fingerprint, is_same

KEY = "key-0123456789abcdef0123456789abcdef"


@given(st.text())
def test_a_signature_is_for_its_text_only(text: str) -> None:
    signer = Signer(KEY, "form")
    assert signer.verify(text, signer.sign(text))
    assert not signer.verify(text + "x", signer.sign(text))
    assert len(signer.sign(text)) == 40


def test_purposes_and_keys_are_kept_apart() -> None:
    signature = Signer(KEY, "form").sign("a")
    assert not Signer(KEY, "menu-link").verify("a", signature)
    assert not Signer(KEY + "x", "form").verify("a", signature)


@pytest.mark.parametrize("wrong", ["", "a", "é", "\ud800", "0" * 40, "0" * 41])
def test_anything_else_is_refused(wrong: str) -> None:
    assert not Signer(KEY, "form").verify("a", wrong)


def test_menus_that_are_installed_keep_their_links() -> None:
    """The signature of a menu link is in WeChat's menu: it must stay the same in every version."""
    assert Signer(KEY, "menu-link").sign("/") == "6a3ae82510801c0c36e161f21d18a5f119d53600"


def test_a_fingerprint_names_a_secret_and_does_not_tell_it() -> None:
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")
    assert len(fingerprint("secret")) == 40
    assert is_same("ä", "ä")
