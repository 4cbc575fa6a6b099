"""Phone numbers: what people type becomes E.164, or is refused with a reason."""

import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot.errors import PhoneError
from bot.settings.readers import parts

_MAX_TYPED = 40
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def read(typed: str, regions: str) -> str:
    """The E.164 form of a mobile number of one of `regions` (ISO codes with commas between; the first is that
    of numbers typed without a country code). Full-width digits, spaces and dashes are taken.

    Raises PhoneError: unreadable, landline or foreign.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if len(text) > _MAX_TYPED or not text:
        raise PhoneError("unreadable")
    # phonenumbers also reads vanity numbers and numbers within a sentence; people mean neither here.
    if any(not (char.isdecimal() or char in "+-() .·‐–—") for char in text):
        raise PhoneError("unreadable")
    allowed = parts(regions)
    try:
        number = phonenumbers.parse(text, allowed[0])
    except phonenumbers.NumberParseException:
        raise PhoneError("unreadable") from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneError("unreadable")
    if phonenumbers.region_code_for_number(number) not in allowed:
        raise PhoneError("foreign")
    if phonenumbers.number_type(number) not in _MOBILE:
        raise PhoneError("landline")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def mask(phone: str) -> str:
    """An E.164 number as pages and logs may show it: its owner knows it again, nobody else learns it."""
    number = phonenumbers.parse(phone)
    national = str(number.national_number)
    shown = f"{national[:3]}****{national[-4:]}" if len(national) >= 10 else f"****{national[-2:]}"
    return f"+{number.country_code} {shown}"


def prefixes(regions: str) -> str:
    """What people know the countries of PHONE_REGIONS by: `+86 (CN), +852 (HK)`."""
    return ", ".join(f"+{phonenumbers.country_code_for_region(one)} ({one})" for one in parts(regions))
