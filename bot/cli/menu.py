"""The menu script, `python setup_menu.py`: install, show or delete the account's menu."""

import argparse
from collections.abc import Callable, Sequence

from bot.app import Parts
from bot.cli.startup import run_with_parts
from bot.cli.terminal import complain, say
from bot.errors import MenuError, StoreError, WeChatError, WeChatUnreachable
from bot.menu import install
from bot.menu.rules import Menu
from bot.site.page_check import has_page
from bot.wechat.errcodes import explain


def wanted_menu(parts: Parts) -> Menu:
    """Return the operator's menu in the form that is sent to WeChat. Raises MenuError with all its faults."""
    package = parts.package
    wanted: Menu = install.resolve(package.menu, parts.base.config, parts.states)
    missing = [page for page in install.pages(package.menu) if not has_page(package.pages, page)]
    replies = {route.click_key for route in package.chat if route.click_key is not None}
    install.check(wanted, replies, missing)
    return wanted


def setup_menu(arguments: Sequence[str]) -> int:
    """Run the menu script with `arguments`. Return its exit status.

    A status other than 0 means that the live menu was not changed, unless the script says otherwise.
    """
    options = _parser().parse_args(arguments)
    return run_with_parts(lambda parts: _run(parts, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="setup_menu.py",
        description="Install the account's menu: MENU of the package that HANDLERS names.",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--dry-run", action="store_true", help="check and show what would change; send nothing")
    only.add_argument("--show", action="store_true", help="show the live menu")
    only.add_argument("--delete", action="store_true", help="delete the live menu, conditional ones included")
    return parser


def _run(parts: Parts, options: argparse.Namespace) -> int:
    """Run the command that `options` give. Print errors for the operator."""
    try:
        if options.show:
            return _show(parts)
        if options.delete:
            return _delete(parts)
        return _install(parts, dry_run=options.dry_run)
    except MenuError as error:
        complain("The menu has faults; nothing was sent:")
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


def _show(parts: Parts) -> int:
    """Write a line for each button of the live menu."""
    for line in install.describe(install.live(parts.base.client)):
        say(line)
    return 0


def _delete(parts: Parts) -> int:
    """Delete the live menu, if there is one, and print it."""
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
    """Change the live menu by `change()`. Return 0, or 1 if WeChat got the request and did not answer.

    Raises WeChatError if the menu is certainly unchanged: WeChat refused, or the request was not sent.
    """
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
    """Show the changes. Send the menu, unless nothing changes or this is a dry run."""
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
    """Compare the live menu with the one that was just sent. Return 1 if they differ or it cannot be read."""
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
