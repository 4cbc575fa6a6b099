"""The lists of the menu script: the live menus, the menu of one follower, the saved states. Nothing is
changed."""

from bot.cli.terminal import say
from bot.menu.description import describe, describe_all, summary
from bot.menu.live_menus import read_live, read_shown_to
from bot.menu.matchrule import describe_rule
from bot.menu.saved_states import FOLDER, SavedStates
from bot.wechat.client import Client


def show_menus(client: Client) -> int:
    """Write a line for each button of the live menus."""
    for line in describe_all(read_live(client).menus()):
        say(line)
    return 0


def show_menu_of(client: Client, user: str) -> int:
    """Write the menu that a follower sees, and which of the live menus it is, unless several are the same."""
    shown = read_shown_to(client, user)
    menus = read_live(client).menus()
    if shown is None and menus.is_console:
        shown = menus.default  # menu/trymatch knows only menus that were made by API
    names = [
        f"the conditional menu for {describe_rule(menu.rule)}"
        for menu in menus.conditional
        if shown and menu.buttons == shown["button"]
    ]
    if shown and shown == menus.default:
        names.append("the default menu")
    say(f"{user} sees {names[0]}:" if len(names) == 1 else f"{user} sees:")
    for line in describe(shown):
        say(f"  {line}")
    if shown and not menus.is_open:
        say("The menu is switched off in WeChat's console, so phones show none.")
    return 0


def show_history(saved: SavedStates) -> int:
    """List the saved states. Ask WeChat nothing."""
    states = saved.all()
    for number, state in enumerate(states, 1):
        try:
            content = summary(state.answers().menus())
        except ValueError as error:
            content = str(error)
        say(f"{number:>3}  {state.saved_at.astimezone():%Y-%m-%d %H:%M:%S %z}  {content}")
    if not states:
        say(f"No state is saved. The script saves the live menus under {FOLDER} before it changes them.")
    return 0
