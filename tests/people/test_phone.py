"""What people type for a phone number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PhoneError
from bot.people.phone import mask, read

NUMBER = "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000", "+8613800138000", "+86 138 0013 8000", "86 13800138000", "0086 138-0013-8000",
        "１３８００１３８０００", "＋８６ １３８００１３８０００", " 138 0013 8000 ", "(+86) 13800138000",
        "138\u20110013\u20118000", "138\u30000013\u30008000",
    ],
)  # fmt: skip
def test_a_mobile_number_is_taken_however_it_is_typed(typed: str) -> None:
    assert read(typed, "CN") == NUMBER


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "unreadable"), ("   ", "unreadable"), ("123", "unreadable"), ("1380013800", "unreadable"),
        ("138001380000", "unreadable"), ("23800138000", "unreadable"), ("call me", "unreadable"),
        ("138 0013 CALL", "unreadable"), ("13800138000;13900139000", "unreadable"), ("1" * 100, "unreadable"),
        ("13800138000\n", ""), ("010-62345678", "landline"), ("+86 10 6234 5678", "landline"),
        ("+1 202-456-1111", "foreign"), ("+44 7911 123456", "foreign"),
        ("+852 5123 4567", "foreign"), ("<script>", "unreadable"), ("+", "unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_mobile_number_of_ours_is_refused_with_its_reason(typed: str, reason: str) -> None:
    if not reason:
        assert read(typed, "CN") == NUMBER
        return
    with pytest.raises(PhoneError) as error:
        read(typed, "CN")
    assert error.value.reason == reason


def test_other_countries_are_taken_where_the_settings_say_so() -> None:
    assert read("+852 5123 4567", "CN, HK") == "+85251234567"
    assert read("5123 4567", "HK") == "+85251234567"


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_reason(typed: str) -> None:
    try:
        assert read(typed, "CN").startswith("+861")
    except PhoneError as error:
        assert error.reason in ("unreadable", "landline", "foreign")  # noqa: PT017


def test_a_masked_number_shows_seven_digits_of_a_mainland_number_and_two_of_a_short_one() -> None:
    assert mask(NUMBER) == "+86 138****8000"
    assert mask("+85251234567") == "+852 ****67"
