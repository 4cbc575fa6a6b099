"""The command line, `python -m wechat_sandbox`: read the options and start the sandbox."""

import argparse
import asyncio
import io
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
    """Run the sandbox until it is stopped and return the exit status. Exit with 2 for a wrong option."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack Chinese characters and emoji
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
            f"--host {options.host}: other machines could reach the sandbox, and it trusts every caller; "
            "add --allow-remote to allow this"
        )
    if options.with_bot and options.callback:
        parser.error(
            "--callback: --with-bot starts the bot itself and sets its callback; give only one of them"
        )
    try:
        return asyncio.run(serve(start))
    except PortTaken as error:
        parser.error(str(error))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print the message as one line, without the usage text, and exit with status 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m wechat_sandbox",
        description="Simulate WeChat offline: platform API, authorize pages and a phone, for development.",
    )
    listen = parser.add_argument_group("listening")
    listen.add_argument(
        "--port", type=_port, default=9100, help="port to listen on; 0: any free port (default: 9100)"
    )
    listen.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    listen.add_argument("--allow-remote", action="store_true", help="allow access from other machines")

    server = parser.add_argument_group("the account's server")
    server.add_argument("--callback", type=_url, metavar="URL", help="your server, which gets the messages")
    server.add_argument("--with-bot", action="store_true", help="also start `python -m bot`")
    server.add_argument(
        "--bot-port",
        type=_port,
        default=8080,
        help="the bot's port; if it is taken, any free port (default: 8080)",
    )
    server.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="'PATTERN key=value …'",
        help="make calls or deliveries fail: '/cgi-bin/menu/* errcode=-1 count=2' or 'delivery drop=true'; "
        "may be repeated",
    )

    account = parser.add_argument_group("the account")
    for setting in settings_of(Account):
        _add(account, setting)
    behaviour = parser.add_argument_group("behaviour that differs between sources, and stress settings")
    for setting in settings_of(Behaviour):
        _add(behaviour, setting)
    return parser


def _add(group: Any, setting: Setting) -> None:
    """Add the option of `setting`. It has no default here, because the settings class has it."""
    more: dict[str, Any] = {"dest": setting.name, "default": argparse.SUPPRESS}
    # argparse formats the help text with %, so % must be doubled.
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
    """Return the given options of this settings class. Raises SettingError for a wrong value."""
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
