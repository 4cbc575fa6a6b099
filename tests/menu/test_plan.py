"""The plan: after it every follower sees the wanted menu, and during it no follower is without one."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.menu.account_menus import AccountMenus, ConditionalMenu
from bot.menu.plan import plan
from bot.menu.rules import domains
from bot.menu.steps import AddConditional, CreateDefault, DeleteAll, DeleteConditional, Step

# A follower: the tag that counts, and the system of the phone.
FOLLOWERS = [dict(zip(("tag_id", "client_platform_type"), both, strict=True)) for both in
             product((None, 100, 101), (1, 2, 3))]  # fmt: skip


def menu(name: str, host: str = "a.example") -> list[dict[str, Any]]:
    return [{"type": "view", "name": name, "url": f"https://{host}/"}]


class FakeMenus:
    """WeChat's rules for the menus of one account, as far as a plan depends on them."""

    def __init__(self, live: AccountMenus) -> None:
        self.default, self.conditional = live.default, list(live.conditional)
        self.last = max((int(one.menuid) for one in self.conditional), default=0)

    def take(self, step: Step) -> None:
        match step:
            case CreateDefault():
                self.default = step.menu
            case AddConditional():
                assert self.default is not None, "65303"
                self.last += 1
                new = ConditionalMenu(step.menu.buttons, step.menu.rule, str(self.last))
                self.conditional.insert(0, new)
                assert len(hosts(self.conditional)) <= 3, "65316"
            case DeleteConditional():
                before = len(self.conditional)
                self.conditional = [one for one in self.conditional if one.menuid != step.menu.menuid]
                assert len(self.conditional) == before - 1, "65301"
            case DeleteAll():
                self.default, self.conditional = None, []

    def shown(self) -> list[Any]:
        return [shown_to(self.conditional, self.default, follower) for follower in FOLLOWERS]


def shown_to(conditional: Any, default: Any, follower: dict[str, Any]) -> Any:
    matching = (one for one in conditional if one.rule.items() <= follower.items())
    found = next(matching, None)
    return found.buttons if found else default and default["button"]


RULES = [{"tag_id": 100}, {"tag_id": 101}, {"client_platform_type": 1}, {"client_platform_type": 2},
         {"tag_id": 100, "client_platform_type": 1}, {"tag_id": 101, "client_platform_type": 2}]  # fmt: skip
CONDITIONAL = st.builds(
    lambda name, host, rule: ConditionalMenu(menu(name, host), rule),
    st.sampled_from("xy"),
    st.sampled_from(["a.example", "b.example", "c.example", "d.example"]),
    st.sampled_from(RULES),
)
MENUS = st.lists(CONDITIONAL, max_size=5).filter(lambda found: len(hosts(found)) <= 3)
DEFAULT = st.sampled_from(["m", "n"]).map(lambda name: {"button": menu(name)})


def hosts(conditional: Iterable[ConditionalMenu]) -> set[str]:
    return set().union(*(domains(one.buttons) for one in conditional))


def numbered(conditional: list[ConditionalMenu]) -> tuple[ConditionalMenu, ...]:
    """The menus as they are live: newest first, the newest with the highest number."""
    count = len(conditional)
    return tuple(ConditionalMenu(c.buttons, c.rule, str(count - i)) for i, c in enumerate(conditional))


@given(DEFAULT, MENUS, DEFAULT, MENUS)
def test_every_follower_sees_the_wanted_menu_and_never_none(
    old: Any, live: list[ConditionalMenu], new: Any, wanted: list[ConditionalMenu]
) -> None:
    before, after = AccountMenus(old, numbered(live)), AccountMenus(new, tuple(wanted))
    wechat = FakeMenus(before)
    steps = plan(before, after)
    sights = [wechat.shown()]
    for step in steps:
        wechat.take(step)
        sights.append(wechat.shown())
    assert sights[-1] == [shown_to(wanted, new, follower) for follower in FOLLOWERS]
    assert all(seen is not None for sight in sights for seen in sight)
    assert plan(AccountMenus(new, tuple(wechat.conditional)), after) == [], "read back the same"


@given(DEFAULT, MENUS)
def test_the_same_menus_need_no_step(default: Any, conditional: list[ConditionalMenu]) -> None:
    live = AccountMenus(default, numbered(conditional))
    assert plan(live, AccountMenus(default, tuple(conditional))) == []


@given(DEFAULT, MENUS, MENUS, st.integers(0, 8))
def test_a_run_after_one_that_stopped_finishes_the_work(
    default: Any, live: list[ConditionalMenu], wanted: list[ConditionalMenu], stop: int
) -> None:
    after = AccountMenus(default, tuple(wanted))
    wechat = FakeMenus(AccountMenus(default, numbered(live)))
    for step in plan(AccountMenus(default, numbered(live)), after)[:stop]:
        wechat.take(step)
    for step in plan(AccountMenus(default, tuple(wechat.conditional)), after):
        wechat.take(step)
    assert wechat.shown() == [shown_to(wanted, default, follower) for follower in FOLLOWERS]


TAG, OTHER_TAG, IOS = (ConditionalMenu(menu(str(rule)), rule) for rule in RULES[:3])
BASE: Any = {"button": menu("m")}


@pytest.mark.parametrize(
    ("live", "wanted", "kinds"),
    [
        ([], [TAG], [AddConditional]),
        ([TAG], [], [DeleteConditional]),
        ([TAG], [TAG, OTHER_TAG], [AddConditional]),  # no follower can match both: any order will do
        ([TAG], [IOS, TAG], [AddConditional]),
        ([TAG], [TAG, IOS], [AddConditional, AddConditional, DeleteConditional]),
        ([TAG, IOS], [IOS, TAG], [AddConditional, DeleteConditional]),
        ([TAG, OTHER_TAG], [OTHER_TAG, TAG], []),
        ([TAG, TAG], [TAG], [DeleteConditional]),
    ],
)
def test_what_can_stay_is_left_alone(
    live: list[ConditionalMenu], wanted: list[ConditionalMenu], kinds: list[type]
) -> None:
    steps = plan(AccountMenus(BASE, numbered(live)), AccountMenus(BASE, tuple(wanted)))
    assert [type(step) for step in steps] == kinds


def test_the_default_menu_comes_first_and_old_menus_go_last() -> None:
    steps = plan(AccountMenus({"button": menu("n")}, numbered([IOS])), AccountMenus(BASE, (TAG,)))
    assert [type(step) for step in steps] == [CreateDefault, AddConditional, DeleteConditional]


def test_no_menu_is_one_step() -> None:
    assert plan(AccountMenus(BASE, numbered([TAG])), AccountMenus(None)) == [DeleteAll()]
    assert plan(AccountMenus(None), AccountMenus(None)) == []
