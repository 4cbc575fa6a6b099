"""`python -m wechat_sandbox`: the command line and nothing else."""

import argparse
import asyncio
import ipaddress
import sys
from typing import Any, NoReturn

from wechat_sandbox.account import Account
from wechat_sandbox.behaviour import Behaviour
from wechat_sandbox.json_fields import BadRequest
from wechat_sandbox.push.verification import is_web_url
from wechat_sandbox.server import PortTaken, Start, serve
from wechat_sandbox.settings import Setting, SettingError, settings_of
from wechat_sandbox.world.fault_reader import fault_of_text


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        start = Start(
            account=Account(**_given(options, Account)),
            behaviour=Behaviour(**_given(options, Behaviour)),
            faults=[fault_of_text(text) for text in options.fault],
            host=options.host,
            port=options.port,
            allow_remote=options.allow_remote,
            callback=options.callback,
            bot_port=options.bot_port if options.with_bot else None,
        )
    except SettingError as error:
        parser.error(f"{_flag(error.name)}: {error.reason}")
    except BadRequest as error:
        parser.error(f"--fault: {error}")
    if not options.allow_remote and not _is_loopback(options.host):
        parser.error(
            f"--host {options.host}: others could reach it, and the sandbox trusts every caller; "
            "add --allow-remote if you mean it"
        )
    if options.with_bot and options.callback:
        parser.error("--callback: --with-bot starts the bot itself and knows its callback")
    try:
        return asyncio.run(serve(start))
    except PortTaken as error:
        parser.error(str(error))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the list of all options before it."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m wechat_sandbox",
        description="WeChat, offline: platform API, authorize pages and a phone to develop an account with.",
    )
    listen = parser.add_argument_group("listening")
    listen.add_argument("--port", type=_port, default=9100, help="0 for any free port (default: 9100)")
    listen.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    listen.add_argument("--allow-remote", action="store_true", help="let --host be reachable by others")

    server = parser.add_argument_group("the account's server")
    server.add_argument("--callback", type=_url, metavar="URL", help="where messages are pushed to")
    server.add_argument("--with-bot", action="store_true", help="start `python -m bot` beside it")
    server.add_argument(
        "--bot-port",
        type=_port,
        default=8080,
        help="the bot's port (default: 8080), or any free one if taken",
    )
    server.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="'PATTERN key=value …'",
        help="a failure on purpose, such as '/cgi-bin/menu/* errcode=-1 count=2' or 'delivery drop=true'",
    )

    account = parser.add_argument_group("the account")
    for setting in settings_of(Account):
        _add(account, setting)
    behaviour = parser.add_argument_group("behaviour where sources differ, or trouble is wanted")
    for setting in settings_of(Behaviour):
        _add(behaviour, setting)
    return parser


def _add(group: Any, setting: Setting) -> None:
    """An option not given stays away: the settings class has the default."""
    more: dict[str, Any] = {"dest": setting.name, "default": argparse.SUPPRESS}
    # argparse formats help with %.
    text = setting.help.replace("%", "%%")
    if setting.kind is bool:
        more["action"] = argparse.BooleanOptionalAction
        shown = "on" if setting.default else "off"
        group.add_argument(setting.flag, help=f"{text} (default: {shown})", **more)
        return
    shown = ", ".join(setting.default) if setting.many else setting.default
    if setting.many:
        more |= {"action": "append", "metavar": setting.metavar}
    elif setting.kind in (int, float):
        more |= {"type": setting.kind, "metavar": "N"}
    elif setting.kind is not str:
        more["choices"] = [str(choice) for choice in setting.kind]
    else:
        more["metavar"] = setting.metavar or "TEXT"
    group.add_argument(setting.flag, help=f"{text} (default: {shown or 'none'})", **more)


def _given(options: argparse.Namespace, group: type[Account] | type[Behaviour]) -> dict[str, Any]:
    """The options that were given for this settings class. Raises SettingError."""
    return {
        setting.name: setting.read(getattr(options, setting.name))
        for setting in settings_of(group)
        if hasattr(options, setting.name)
    }


def _flag(name: str) -> str:
    every = (setting for group in (Account, Behaviour) for setting in settings_of(group))
    return next(setting.flag for setting in every if setting.name == name)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be 0 to 65535, got {text!r}")
    return int(text)


def _url(text: str) -> str:
    if not is_web_url(text):
        raise argparse.ArgumentTypeError(f"must be an http:// or https:// URL, got {text!r}")
    return text


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
