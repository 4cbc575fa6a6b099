"""The start of every command: read the settings, build the parts, and report their faults."""

from collections.abc import Callable

from bot.account_package import load_package
from bot.app import Parts, build
from bot.cli.terminal import complain
from bot.config import Config, load_config
from bot.errors import ConfigError, HandlersError, SmsError, StoreError, StoreUnusable


def settings() -> Config | None:
    """Read the settings. If they have faults, write a line for each and return None."""
    try:
        return load_config()
    except ConfigError as error:
        complain("These settings are wrong or missing:")
        for fault in error.faults:
            complain(f"  {fault}")
        complain(
            "Copy config.example.py to config.py and fill it in, or set BOT_<NAME>. `make run` needs neither."
        )
        return None


def open_parts() -> Parts | None:
    """Read the settings and build the parts; the caller closes them.

    If the settings, the operator's package, the store or the SMS sender have a fault, write it and return
    None.
    """
    config = settings()
    if config is None:
        return None
    try:
        return build(config, load_package(config.handlers))
    except HandlersError as error:
        complain(f"The package {error.package} (HANDLERS) has faults; nothing is done:")
        for fault in error.faults:
            complain(f"  {fault}")
    except StoreError as error:
        complain(f"{error}. See STORE_URL.")
    except SmsError as error:
        complain(f"{error}. See SMS_SENDER.")
    return None


def may_start(parts: Parts) -> bool:
    """Write what is wrong with the store. Return False if the bot can never use it: a process must not start
    then. Without a store that is only down, it answers messages."""
    try:
        parts.base.store.ping()
    except StoreUnusable as error:
        complain(f"{error}. Correct STORE_URL.")
        return False
    except StoreError as error:
        complain(f"{error}. The bot starts anyway: it answers messages, but nothing else works.")
    return True


def run_with_parts(act: Callable[[Parts], int]) -> int:
    """Build the parts, call `act` with them, close them, and return the exit status that `act` returned.

    Return 2 if the parts cannot be built, and 1 if the store fails during `act`. Both print the error.
    """
    parts = open_parts()
    if parts is None:
        return 2
    try:
        return act(parts)
    except StoreError as error:
        complain(f"{error}. See STORE_URL.")
        return 1
    finally:
        parts.close()
