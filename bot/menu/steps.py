"""The single changes of the live menus: one call of WeChat's API each, run one after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import BotError, StoreError, WeChatError, WeChatUnreachable
from bot.menu.account_menus import ConditionalMenu
from bot.menu.buttons import Menu
from bot.menu.matchrule import describe_rule
from bot.wechat.client import Client


class Step(Protocol):
    """One change. `str()` says what it does; `send` raises WeChatError."""

    def send(self, client: Client) -> None: ...


@dataclass(frozen=True)
class CreateDefault:
    """Install a default menu in place of the present one. Conditional menus stay."""

    menu: Menu

    def __str__(self) -> str:
        return "install the default menu"

    def send(self, client: Client) -> None:
        client.post("menu/create", data=dict(self.menu))


@dataclass(frozen=True)
class AddConditional:
    """Add a conditional menu. It matches before all that are there."""

    menu: ConditionalMenu

    def __str__(self) -> str:
        return f"add the conditional menu for {describe_rule(self.menu.rule)}"

    def send(self, client: Client) -> None:
        rule = {name: str(value) for name, value in self.menu.rule.items()}
        client.post("menu/addconditional", data={"button": self.menu.buttons, "matchrule": rule})


@dataclass(frozen=True)
class DeleteConditional:
    """Delete a live conditional menu."""

    menu: ConditionalMenu

    def __str__(self) -> str:
        return f"delete the conditional menu for {describe_rule(self.menu.rule)} (menuid {self.menu.menuid})"

    def send(self, client: Client) -> None:
        client.post("menu/delconditional", data={"menuid": self.menu.menuid})


@dataclass(frozen=True)
class DeleteAll:
    """Delete the default menu and all conditional menus."""

    def __str__(self) -> str:
        return "delete the default menu and all conditional menus"

    def send(self, client: Client) -> None:
        client.get("menu/delete")


class StepsStopped(BotError):
    """A step failed, so the steps after it were not sent.

    `done` and `left` are the steps before and after `failed`. `reason` is the error; None if the operator
    interrupted. `is_unknown` is True if the failed step may have been executed.
    """

    def __init__(self, steps: Sequence[Step], at: int, reason: WeChatError | StoreError | None) -> None:
        super().__init__(f"could not {steps[at]}")
        self.done, self.failed, self.left = steps[:at], steps[at], steps[at + 1 :]
        self.reason = reason
        self.is_unknown = reason is None or (isinstance(reason, WeChatUnreachable) and reason.was_sent)


def run_steps(client: Client, steps: Sequence[Step]) -> None:
    """Send the steps in order. Raises StepsStopped at the first one that fails."""
    for at, step in enumerate(steps):
        try:
            step.send(client)
        except (WeChatError, StoreError) as error:
            raise StepsStopped(steps, at, error) from error
        except KeyboardInterrupt:
            raise StepsStopped(steps, at, None) from None
