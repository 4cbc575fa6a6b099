"""`python -m bot forget`: delete all data about a person, when they request this from the operator."""

from bot.app import Parts
from bot.cli.startup import run_with_parts
from bot.cli.terminal import complain, say
from bot.errors import PhoneError
from bot.people import phone as phones
from bot.telemetry import log


def forget(openid: str, phone: str) -> int:
    """Delete all data about the person with `openid`, or with the bound number `phone`; the other is empty.

    The data is the same that unsubscribing deletes. Writes a line to the audit log. Returns the exit status:
    1 if nobody is bound to the number, 2 if `phone` is not a phone number.
    """
    return run_with_parts(lambda parts: _forget(parts, openid, phone))


def _forget(parts: Parts, openid: str, phone: str) -> int:
    config, bindings = parts.base.config, parts.site.account.people.bindings
    log.set_up(config.log_format, with_texts=config.log_error_texts)
    parts.chat.migrate()  # else the data of an older version would come back with the next start
    try:
        binding = (
            bindings.of_phone(phones.read(phone, config.phone_regions)) if phone else bindings.of(openid)
        )
    except PhoneError as error:
        complain(
            f"--phone: {error.reason}. Write a mobile number of {phones.prefixes(config.phone_regions)}."
        )
        return 2
    if phone and binding is None:
        complain("Nobody is bound to that number.")
        return 1
    person = binding.openid if binding else openid
    parts.chat.erasure.erase(person)
    number = phones.mask(binding.phone) if binding else ""
    log.audit("forgotten", openid=person, phone=number)
    freed = f"{number} can be bound anew." if number else "They had bound no number."
    say(f"Forgotten: {person}. {freed}")
    return 0
