"""The menu script, `python setup_menu.py`: install, show, delete or restore the account's menus.

Each change takes the same steps: read what is live, plan, show the plan, save what is live, change it,
read it back.
"""

import argparse
import re
from collections.abc import Sequence

from bot.app import Parts
from bot.cli.menu_change import change_menus
from bot.cli.menu_listing import show_history, show_menu_of, show_menus
from bot.cli.startup import run_with_parts
from bot.cli.terminal import ask, complain, say
from bot.errors import MenuError, StoreError, WeChatError
from bot.menu.account_menus import AccountMenus
from bot.menu.description import all_changes, describe_all
from bot.menu.live_menus import read_live
from bot.menu.plan import plan
from bot.menu.restoration import restorable
from bot.menu.saved_states import FOLDER, SavedStates
from bot.menu.written_menus import read_menus
from bot.site.page_check import has_page
from bot.wechat.errcodes import explain


def wanted_menus(parts: Parts) -> AccountMenus:
    """Return the operator's menus in the form that is sent to WeChat. Raises MenuError with all their
    faults."""
    package = parts.package
    written = read_menus(package.menu, package.conditional_menus)
    missing = [page for page in written.pages() if not has_page(package.pages, page)]
    return written.resolved(parts.base.config, parts.states).checked(_replies(parts), missing)


def _replies(parts: Parts) -> set[str]:
    return {route.click_key for route in parts.package.chat if route.click_key is not None}


def setup_menu(arguments: Sequence[str]) -> int:
    """Run the menu script with `arguments`. Return its exit status.

    A status other than 0 means that the live menu was not changed, unless the script says otherwise.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.yes and not options.delete:
        parser.error("--yes goes with --delete")
    if options.user and (options.dry_run or options.delete or options.history or options.rollback):
        parser.error("--as only shows a menu: give it alone")
    return run_with_parts(lambda parts: _run(parts, options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="setup_menu.py",
        description="Install the account's menus: MENU and CONDITIONAL_MENUS of the package that HANDLERS "
        "names.",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--dry-run", action="store_true", help="check and show what would change; send nothing")
    only.add_argument("--show", action="store_true", help="show the live menus")
    only.add_argument("--delete", action="store_true", help="list all live menus, ask, and delete them")
    only.add_argument("--history", action="store_true", help="list the saved states; 1 is the newest")
    only.add_argument("--rollback", type=_number, metavar="N", help="restore saved state N of --history")
    parser.add_argument("--as", dest="user", type=_user, metavar="OPENID", help="show what a follower sees")
    parser.add_argument("--yes", action="store_true", help="with --delete: do not ask")
    return parser


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a number of --history, from 1, not {text!r}")
    return int(text)


def _user(text: str) -> str:
    if not re.fullmatch(r"[\w-]{1,64}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"must be an OpenID or a WeChat id, not {text!r}")
    return text


def _run(parts: Parts, options: argparse.Namespace) -> int:
    """Run the command that `options` give. Print errors for the operator."""
    try:
        if options.user:
            return show_menu_of(parts.base.client, options.user)
        if options.show:
            return show_menus(parts.base.client)
        if options.history:
            return show_history(_states(parts))
        if options.rollback:
            return _rollback(parts, options.rollback)
        if options.delete:
            return _delete(parts, is_agreed=options.yes)
        return _install(parts, dry_run=options.dry_run)
    except MenuError as error:
        complain("The menu has faults; nothing was sent:")
        for fault in error.faults:
            complain(f"  {fault}")
        return 2
    except WeChatError as error:
        complain(explain(error))
        if not (options.show or options.user):
            complain("The live menu was not changed.")
        return 1
    except StoreError as error:
        complain(f"{error}. See STORE_URL. The live menu was not changed.")
        return 1
    except OSError as error:
        complain(f"{FOLDER} cannot be used: {error}. The live menu was not changed.")
        return 1
    except KeyboardInterrupt:
        complain("Interrupted. The live menu was not changed.")
        return 1


def _install(parts: Parts, *, dry_run: bool) -> int:
    """Show the changes. Send the menus, unless nothing changes or this is a dry run."""
    wanted = wanted_menus(parts)
    keys = ", ".join(sorted(wanted.click_keys()))
    say(
        "The menu is within WeChat's limits"
        + (f", and every click key has a reply ({keys})." if keys else ".")
    )
    live = read_live(parts.base.client)
    steps = plan(live.menus(), wanted)
    if not steps:
        say("The live menu is this menu already; nothing to do." + _counted(wanted))
        return 0
    say("Changes to the live menu:")
    for line in all_changes(live.menus(), wanted, steps):
        say(f"  {line}")
    if dry_run:
        say("Dry run: nothing was sent. The script would:")
        for step in steps:
            say(f"  {step}")
        return 0
    status = change_menus(parts.base.client, _states(parts), live, wanted, again="setup_menu.py")
    if not status:
        say("Installed, and read back the same." + _counted(wanted))
        say("Phones show it within 5 minutes, when the chat is opened again.")
    return status


def _delete(parts: Parts, *, is_agreed: bool) -> int:
    """List all live menus, ask, and delete them. Return 2 if nobody agreed."""
    live = read_live(parts.base.client)
    if live.menus().is_empty():
        say("There is no menu to delete.")
        return 0
    say("To delete, for all followers:")
    for line in describe_all(live.menus()):
        say(f"- {line}")
    agreed = is_agreed or ask("Delete all of this?")
    if agreed is None:
        complain(
            "Nothing was deleted: there is no terminal to ask on. Add --yes to delete without a question."
        )
        return 2
    if not agreed:
        complain("Nothing was deleted.")
        return 2
    none = AccountMenus(None)
    status = change_menus(parts.base.client, _states(parts), live, none, again="setup_menu.py --delete")
    if not status:
        say("Deleted, and read back: there is no menu. setup_menu.py --rollback 1 restores it.")
    return status


def _rollback(parts: Parts, number: int) -> int:
    """Restore a saved state without asking. Warn of what it cannot restore, and of keys without a reply."""
    states = _states(parts)
    saved = states.all()
    if number > len(saved):
        complain(f"There is no state {number}: --history lists {len(saved)}.")
        return 2
    state = saved[number - 1]
    try:
        menus = state.answers().menus()
    except ValueError as error:
        complain(f"{error}. The live menu was not changed.")
        return 2
    wanted, lost = restorable(menus)
    for text in lost:
        complain(f"Not restored: {text}.")
    if wanted.default is None and menus.default is not None:
        complain("WeChat's API takes no button of this state. The live menu was not changed.")
        return 2
    for key in sorted(wanted.click_keys() - _replies(parts)):
        complain(f"Warning: no route in CHAT answers the key {key!r}: a tap on its button does nothing.")
    live = read_live(parts.base.client)
    steps = plan(live.menus(), wanted)
    if not steps:
        say("The live menu is this state already; nothing to do.")
        return 0
    say(f"Changes to the live menu, back to {state.saved_at.astimezone():%Y-%m-%d %H:%M:%S %z}:")
    for line in all_changes(live.menus(), wanted, steps):
        say(f"  {line}")
    status = change_menus(parts.base.client, states, live, wanted, again=state)
    if not status:
        say("Restored, and read back the same." + _counted(wanted))
    return status


def _states(parts: Parts) -> SavedStates:
    return SavedStates(parts.base.config.app_id, parts.base.clock)


def _counted(menus: AccountMenus) -> str:
    count = len(menus.conditional)
    return f" ({count} conditional menu{'s' if count > 1 else ''} included.)" if count else ""
