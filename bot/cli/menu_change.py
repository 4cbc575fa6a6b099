"""Change the live menus: save the live ones, send the steps, read back. Print how far it got if one fails."""

from bot.cli.terminal import complain, say
from bot.errors import StoreError, WeChatError
from bot.menu.account_menus import AccountMenus
from bot.menu.live_menus import MenuAnswers, read_live
from bot.menu.plan import plan
from bot.menu.saved_states import SavedState, SavedStates
from bot.menu.steps import StepsStopped, run_steps
from bot.wechat.client import Client
from bot.wechat.errcodes import explain


def change_menus(
    client: Client, states: SavedStates, live: MenuAnswers, wanted: AccountMenus, *, again: str | SavedState
) -> int:
    """Save `live`, change it into `wanted`, and read it back. Return 0, or 1 after a failure, which it
    prints.

    `again` is the command that does the same once more: a saved state stands for the rollback to it. Raises
    OSError if the state cannot be saved; nothing is changed then.
    """
    saved = states.save(live)
    say(f"The state before is saved in {saved.path} (--rollback 1).")
    try:
        run_steps(client, plan(live.menus(), wanted))
    except StepsStopped as stopped:
        _report(stopped, again if isinstance(again, str) else _rollback_to(again, states))
        return 1
    return _read_back(client, wanted)


def _rollback_to(state: SavedState, states: SavedStates) -> str:
    """Return the command that restores `state`. Its number is higher since the live state was saved."""
    return f"setup_menu.py --rollback {states.all().index(state) + 1}"


def _report(stopped: StepsStopped, again: str) -> None:
    """Write which steps were done, which one failed, and what to run next."""
    complain(_reason(stopped.reason))
    if not stopped.done and not stopped.is_unknown:
        complain("The live menu was not changed.")
        return
    complain("The change stopped halfway. What stands:" if stopped.done else "The change stopped:")
    for step in stopped.done:
        complain(f"  done      {step}")
    if stopped.is_unknown:
        complain(f"  unknown   {stopped.failed}: it is not known whether WeChat did it")
    else:
        complain(f"  not done  {stopped.failed}")
    for step in stopped.left:
        complain(f"  not done  {step}")
    complain("Run setup_menu.py --show to see what is live.")
    complain(f"Run {again} again to finish: it does only what is missing.")
    complain("Or run setup_menu.py --rollback 1 to go back to the state before.")


def _reason(reason: WeChatError | StoreError | None) -> str:
    if reason is None:
        return "Interrupted."
    return explain(reason) if isinstance(reason, WeChatError) else f"{reason}. See STORE_URL."


def _read_back(client: Client, wanted: AccountMenus) -> int:
    """Compare the live menus with those just sent. Return 1 if they differ or cannot be read."""
    try:
        live = read_live(client).menus()
    except (WeChatError, StoreError, KeyboardInterrupt) as error:
        complain(_reason(None if isinstance(error, KeyboardInterrupt) else error))
        complain("WeChat took the change, but could not be asked afterwards. Run --show to see the menu.")
        return 1
    if not plan(live, wanted):
        return 0
    if wanted.default is None:
        complain("WeChat took the deletion, but still has a menu. Run --show to see it.")
        return 1
    complain("WeChat took the menu, but reads back another one. Run --show to see it.")
    if not live.is_open and live.default == wanted.default:
        complain("The menu is switched off in WeChat's console: switch it on there.")
    return 1
