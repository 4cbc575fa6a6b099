"""What every command begins with: the settings, and everything built from them."""

import handlers
from bot.app import Parts, build
from bot.chat.route_check import review
from bot.cli.terminal import complain
from bot.config import Config, load_config
from bot.errors import ConfigError, HandlersError, SmsError, StoreError


def settings() -> Config | None:
    """The settings, or None after having listed every fault on standard error."""
    try:
        return load_config()
    except ConfigError as error:
        complain("The settings are not right:")
        for fault in error.faults:
            complain(f"  {fault}")
        complain(
            "Copy config.example.py to config.py and fill it in, or set BOT_<NAME>. `make run` needs neither."
        )
        return None


def open_parts(config: Config) -> Parts | None:
    """Everything built, or None after having said what is wrong: handlers/, the store, the SMS sender."""
    try:
        review(handlers.CHAT, handlers.PAGES)
        return build(config, handlers.CHAT, handlers.WORDING)
    except HandlersError as error:
        complain("handlers/__init__.py is not right:")
        for fault in error.faults:
            complain(f"  {fault}")
    except StoreError as error:
        complain(f"{error}. See STORE_URL.")
    except SmsError as error:
        complain(f"{error}. See SMS_SENDER.")
    return None
