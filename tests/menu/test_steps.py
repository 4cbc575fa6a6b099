"""The steps stop at the first failure, whatever it is, and say what is certain."""

from typing import Any

import pytest

from bot.errors import StoreError, WeChatError, WeChatUnreachable
from bot.menu.account_menus import ConditionalMenu
from bot.menu.steps import (
    AddConditional,
    CreateDefault,
    DeleteAll,
    DeleteConditional,
    StepsStopped,
    run_steps,
)

MENU = ConditionalMenu([{"type": "click", "name": "a", "key": "k"}], {"tag_id": 100}, "7")
STEPS = [CreateDefault({"button": MENU.buttons}), AddConditional(MENU), DeleteConditional(MENU)]


class FakeClient:
    """Keeps the calls. The call of `path` raises `error`."""

    def __init__(self, path: str = "", error: BaseException | None = None) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._path, self._error = path, error

    def post(self, path: str, data: Any) -> None:
        if path == self._path and self._error:
            raise self._error
        self.calls.append((path, data))

    def get(self, path: str) -> None:
        self.post(path, None)


def test_each_step_is_one_call_in_wechats_form() -> None:
    client = FakeClient()
    run_steps(client, [*STEPS, DeleteAll()])  # type: ignore[arg-type]
    assert client.calls == [
        ("menu/create", {"button": MENU.buttons}),
        ("menu/addconditional", {"button": MENU.buttons, "matchrule": {"tag_id": "100"}}),
        ("menu/delconditional", {"menuid": "7"}),
        ("menu/delete", None),
    ]


@pytest.mark.parametrize(
    ("error", "is_unknown"),
    [
        (WeChatError(45009, "quota"), False),
        (WeChatError(-1, "busy"), False),
        (WeChatUnreachable("no address"), False),
        (WeChatUnreachable("no answer", was_sent=True), True),
        (StoreError("the store is gone"), False),
        (KeyboardInterrupt(), True),
    ],
    ids=repr,
)
def test_a_failure_stops_the_steps_and_says_whether_it_may_have_been_done(
    error: BaseException, is_unknown: bool
) -> None:
    client = FakeClient("menu/addconditional", error)
    with pytest.raises(StepsStopped) as stopped:
        run_steps(client, STEPS)  # type: ignore[arg-type]
    assert (stopped.value.done, stopped.value.failed, stopped.value.left) == (STEPS[:1], STEPS[1], STEPS[2:])
    assert stopped.value.is_unknown is is_unknown
    assert stopped.value.reason is (None if isinstance(error, KeyboardInterrupt) else error)
    assert len(client.calls) == 1
