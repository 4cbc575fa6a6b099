"""`python -m bot forget`."""

from bot.cli.startup import open_parts, settings
from bot.cli.terminal import complain, say
from bot.errors import PhoneError, StoreError
from bot.people import phone as phones
from bot.telemetry import log


def forget(openid: str, phone: str) -> int:
    """`python -m bot forget --openid O | --phone N`, one of them empty: delete all about a person, as
    unsubscribing does."""
    config = settings()
    parts = open_parts(config) if config else None
    if config is None or parts is None:
        return 2
    people = parts.site.account.people
    log.set_up(config.log_format, with_texts=config.log_error_texts)
    try:
        if phone:
            binding = people.bindings.of_phone(phones.read(phone, config.phone_regions))
            if binding is None:
                complain("Nobody is bound to that number.")
                return 1
        else:
            binding = people.bindings.of(openid)
        who = binding.openid if binding else openid
        parts.forget(who)
        number = phones.mask(binding.phone) if binding else ""
        log.audit("forgotten", openid=who, phone=number)
        say(
            f"Forgotten: {who}. "
            + (f"{number} can be bound anew." if number else "They had bound no number.")
        )
        return 0
    except PhoneError as error:
        complain(
            f"--phone: {error.reason}. Write a mobile number of {phones.prefixes(config.phone_regions)}."
        )
        return 2
    except StoreError as error:
        complain(f"{error}. See STORE_URL.")
        return 1
    finally:
        parts.close()
