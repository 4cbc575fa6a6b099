"""`python -m bot check`."""

from pathlib import Path

from bot.app import TEMPLATES
from bot.cli.menu import wanted_menu
from bot.cli.rights import contradiction, lacks
from bot.cli.startup import open_parts, settings
from bot.cli.terminal import complain, say
from bot.errors import MenuError, StoreError, WeChatError
from bot.site.templates import Templates
from bot.wechat.errcodes import explain


def check() -> int:
    """`python -m bot check`: settings, menu, store and account, before going live."""
    config = settings()
    parts = open_parts(config) if config else None
    if config is None or parts is None:
        return 2
    say("ok      settings")
    status = 0
    if problem := contradiction(config):
        complain(f"FAILED  {problem}")
        status = 2
    try:
        wanted_menu(parts)
        say("ok      menu is within WeChat's limits")
    except MenuError as error:
        complain("FAILED  menu: " + "\n        ".join(error.faults))
        status = 2
    broken = [fault for lang in ("zh", "en") for fault in Templates(TEMPLATES, lang, {}).faults()]
    for fault in dict.fromkeys(broken):
        complain(f"FAILED  template {fault}")
        status = 2
    try:
        parts.store.ping()
        say("ok      store answers")
        parts.tokens.get()
        say("ok      WeChat gives this server an access token")
    except StoreError as error:
        complain(f"FAILED  {error}")
        status = status or 1
    except WeChatError as error:
        complain("FAILED  " + explain(error).replace("\n", "\n        "))
        status = status or 1
    finally:
        parts.close()
    for lack in lacks(config):
        say(f"note    {lack}")
    if not config.public_url.startswith("https://"):
        say("note    PUBLIC_URL is not https: cookies are not protected on the way")
    if not list(Path(config.verify_dir).glob("MP_verify_*.txt")):
        say(f"note    no MP_verify_*.txt in {config.verify_dir}; the console asks for one per domain")
    return status
