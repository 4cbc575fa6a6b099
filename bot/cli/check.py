"""`python -m bot check`: settings, menu, templates, store and account, before going live.

Sends requests only to the store and to WeChat's token interface.
"""

from pathlib import Path

from bot.app import Parts
from bot.cli.menu import wanted_menus
from bot.cli.rights import contradiction, lacks
from bot.cli.startup import run_with_parts
from bot.cli.terminal import complain, say
from bot.config import Config
from bot.errors import MenuError, StoreError, WeChatError
from bot.wechat.errcodes import explain


def check() -> int:
    """Write a line for each check: ok, FAILED (to standard error) or note. Return the exit status."""
    return run_with_parts(_check)


def _check(parts: Parts) -> int:
    say("ok      settings, and the package that HANDLERS names")
    written = _check_menu(parts)
    connected = _check_connections(parts)
    for note in _notes(parts.base.config):
        say(f"note    {note}")
    return written or connected


def _check_menu(parts: Parts) -> int:
    """Check settings against the kind of account, and the menu. Return 0 or 2."""
    status = 0
    if problem := contradiction(parts.base.config):
        complain(f"FAILED  {problem}")
        status = 2
    try:
        wanted_menus(parts)
        say("ok      menu is within WeChat's limits")
    except MenuError as error:
        complain("FAILED  menu: " + "\n        ".join(error.faults))
        status = 2
    return status


def _check_connections(parts: Parts) -> int:
    """Check that the store works, then get an access token from WeChat. Return 0, or 1 if either fails."""
    try:
        parts.base.store.ping()
        say("ok      store answers")
        parts.base.tokens.get()
        say("ok      WeChat gives this server an access token")
    except StoreError as error:
        complain(f"FAILED  {error}")
        return 1
    except WeChatError as error:
        complain("FAILED  " + explain(error).replace("\n", "\n        "))
        return 1
    return 0


def _notes(config: Config) -> list[str]:
    """Return notes that are not faults: missing rights, plain http, no verification file."""
    notes = lacks(config)
    if not config.public_url.startswith("https://"):
        notes.append("PUBLIC_URL is not https: cookies are not protected on the way")
    if not list(Path(config.verify_dir).glob("MP_verify_*.txt")):
        notes.append(f"no MP_verify_*.txt in {config.verify_dir}; the console asks for one per domain")
    return notes
