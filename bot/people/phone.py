"""Phone numbers: turn the number that a user typed into E.164 form, and mask numbers for display."""

import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from bot.errors import PhoneError
from bot.settings.readers import parts

_MAX_TYPED = 40
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def read(typed: str, regions: str) -> str:
    """Return a typed mobile number as E.164, such as `+8613812345678`.

    `regions` are the allowed countries, as ISO codes with commas between. A number typed without a country
    code is read as a number of the first country. Full-width digits, spaces and dashes are accepted.

    Raises PhoneError: unreadable, landline or foreign (of another country).
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if len(text) > _MAX_TYPED or not text:
        raise PhoneError("unreadable")
    # phonenumbers also accepts vanity numbers and numbers within a sentence. Refuse both.
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
    """Return an E.164 number with its middle hidden, for pages and logs: `+86 138****5678`.

    Its owner recognises the number, and others cannot reconstruct it.
    """
    number = phonenumbers.parse(phone)
    national = str(number.national_number)
    shown = f"{national[:3]}****{national[-4:]}" if len(national) >= 10 else f"****{national[-2:]}"
    return f"+{number.country_code} {shown}"


def prefixes(regions: str) -> str:
    """Return the country codes of PHONE_REGIONS for display: `+86 (CN), +852 (HK)`."""
    return ", ".join(f"+{phonenumbers.country_code_for_region(one)} ({one})" for one in parts(regions))
