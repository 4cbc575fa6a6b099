"""What people run in a terminal: the menu script, `python -m bot check`, `jobs` and `forget`. Exit status:
0 done, 1 WeChat or the store refused, 2 the settings, the menu or what was typed are wrong."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import handlers
from bot.app import TEMPLATES, Parts, build
from bot.chat.delivery.late_answers import retried_work
from bot.chat.route_check import has_page, review
from bot.cli.rights import contradiction, lacks
from bot.config import Config, load_config
from bot.errors import (
    ConfigError,
    HandlersError,
    MenuError,
    PhoneError,
    SmsError,
    StoreError,
    WeChatError,
    WeChatUnreachable,
)
from bot.menu import install
from bot.menu.rules import Menu
from bot.people import phone as phones
from bot.site.templates import Templates
from bot.telemetry import log
from bot.wechat.errcodes import explain


def say(text: str = "") -> None:
    print(text, flush=True)


def complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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


def replies() -> set[str]:
    """The menu keys that have a route."""
    return {route.click_key for route in handlers.CHAT if route.click_key is not None}


def wanted_menu(parts: Parts) -> Menu:
    """The operator's menu, ready to be sent. Raises MenuError with everything that is wrong with it."""
    wanted: Menu = install.resolve(handlers.MENU, parts.base.config, parts.states)
    missing = [page for page in install.pages(handlers.MENU) if not has_page(handlers.PAGES, page)]
    install.check(wanted, replies(), missing)
    return wanted


def setup_menu(arguments: Sequence[str]) -> int:
    """The menu script."""
    parser = argparse.ArgumentParser(
        prog="setup_menu.py", description="Install the menu of handlers/menu.py."
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--dry-run", action="store_true", help="check and show what would change; send nothing")
    only.add_argument("--show", action="store_true", help="show the live menu")
    only.add_argument("--delete", action="store_true", help="delete the live menu, conditional ones included")
    options = parser.parse_args(arguments)
    config = settings()
    parts = open_parts(config) if config else None
    if parts is None:
        return 2
    try:
        if options.show:
            return _show(parts)
        if options.delete:
            return _delete(parts)
        return _install(parts, dry_run=options.dry_run)
    except MenuError as error:
        complain("The menu is not right; nothing was sent:")
        for fault in error.faults:
            complain(f"  {fault}")
        return 2
    except WeChatError as error:
        complain(explain(error))
        complain("The live menu was not changed.")
        return 1
    except StoreError as error:
        complain(f"{error}. See STORE_URL. The live menu was not changed.")
        return 1
    finally:
        parts.close()


def _show(parts: Parts) -> int:
    for line in install.describe(install.live(parts.base.client)):
        say(line)
    return 0


def _delete(parts: Parts) -> int:
    old = install.live(parts.base.client)
    if old is None:
        say("There is no menu to delete.")
        return 0
    status = _send(lambda: install.delete(parts.base.client))
    if status:
        return status
    say("Deleted:")
    for line in install.describe(old):
        say(f"- {line}")
    return 0


def _send(change: Callable[[], None]) -> int:
    """Change the live menu. An errcode means that WeChat did not; what was sent and not answered, nothing."""
    try:
        change()
    except WeChatUnreachable as error:
        if not error.was_sent:
            raise
        complain(explain(error))
        complain("It is not known whether the live menu was changed. Run --show to see it.")
        return 1
    return 0


def _install(parts: Parts, *, dry_run: bool) -> int:
    wanted = wanted_menu(parts)
    keys = ", ".join(sorted(install.click_keys(wanted)))
    say(
        "The menu is within WeChat's limits"
        + (f", and every click key has a reply ({keys})." if keys else ".")
    )
    old = install.live(parts.base.client)
    changes = install.changes(old, wanted)
    if not changes:
        say("The live menu is this menu already; nothing to do.")
        return 0
    say("Changes to the live menu:")
    for line in changes:
        say(f"  {line}")
    if dry_run:
        say("Dry run: nothing was sent.")
        return 0
    return _send(lambda: install.install(parts.base.client, wanted)) or _read_back(parts, wanted)


def _read_back(parts: Parts, wanted: Menu) -> int:
    try:
        different = install.changes(install.live(parts.base.client), wanted)
    except WeChatError as error:
        complain(explain(error))
        complain("WeChat took the menu, but could not be asked for it afterwards. Run --show to see it.")
        return 1
    if different:
        complain("WeChat took the menu, but reads back another one. Run --show to see it.")
        return 1
    say("Installed, and read back the same. Phones show it within 5 minutes, when the chat is opened again.")
    return 0


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
        parts.base.store.ping()
        say("ok      store answers")
        parts.base.tokens.get()
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


def jobs(retry: str | None) -> int:
    """`python -m bot jobs [--retry ID]`: one line for each unfinished or failed job."""
    config = settings()
    parts = open_parts(config) if config else None
    if parts is None:
        return 2
    try:
        if retry:
            return _retry(parts, retry)
        listed = parts.chat.outbox.all()
        for job in listed:
            age = int(time.time() - job.created)
            what = str(job.work.get("place", job.kind)).partition("#")[0]
            say(f"{job.id}  {job.state:8}  {what}  {age} s old  try {job.tries}  {job.problem}".rstrip())
        say(f"{len(listed)} jobs" if listed else "no jobs")
        return 0
    except StoreError as error:
        complain(f"{error}. See STORE_URL.")
        return 1
    finally:
        parts.close()


def _retry(parts: Parts, wanted: str) -> int:
    failed = (
        [job.id for job in parts.chat.outbox.all() if job.state == "failed"] if wanted == "ALL" else [wanted]
    )
    retried = [job_id for job_id in failed if parts.chat.outbox.retry(job_id, retried_work)]
    for job_id in retried:
        parts.chat.runner.wake(job_id)
        say(f"{job_id}  waiting")
    if not retried:
        complain(f"no failed job {wanted}; `python -m bot jobs` lists them")
        return 1
    return 0


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
        parts.chat.erasure.erase(who)
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
