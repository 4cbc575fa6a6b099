"""`python -m sandbox`: the command line and nothing else."""

import argparse
import asyncio
import ipaddress
import sys
from dataclasses import fields
from typing import Any

from sandbox.account import Account, Behaviour, Consent, Mode
from sandbox.rights import Kind
from sandbox.serve import PortTaken, serve


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        account = Account(**_given(options, Account))
        behaviour = Behaviour(**_given(options, Behaviour))
        _check_host(options.host, options.allow_remote)
    except ValueError as error:
        parser.error(str(error))
    if options.with_bot and options.callback:
        parser.error("--callback: --with-bot starts the bot itself and knows its callback")
    bot_port = options.bot_port if options.with_bot else None
    try:
        return asyncio.run(serve(account, behaviour, options.host, options.port, options.callback, bot_port))
    except PortTaken as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="WeChat, offline: platform API, authorize pages and a phone to develop an account with.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    listen = parser.add_argument_group("listening")
    listen.add_argument("--port", type=_port, default=9100, help="0 for any free port")
    listen.add_argument("--host", default="127.0.0.1", help="address to listen on")
    listen.add_argument(
        "--allow-remote", action="store_true", default=False, help="let --host be reachable by others"
    )

    server = parser.add_argument_group("the account's server")
    server.add_argument("--callback", default=None, help="where messages are pushed to")
    server.add_argument(
        "--with-bot", action="store_true", default=False, help="start `python -m bot` beside it"
    )
    server.add_argument(
        "--bot-port", type=_port, default=8080, help="the bot's port, or any free one if taken"
    )

    account = parser.add_argument_group("the account")
    account.add_argument("--app-id")
    account.add_argument("--app-secret")
    account.add_argument("--token", help="3 to 32 letters and digits")
    account.add_argument("--aes-key", help="EncodingAESKey, 43 letters and digits")
    account.add_argument("--original-id", help="gh_…")
    account.add_argument("--name", help="what the phone calls it")
    account.add_argument("--mode", type=Mode, choices=list(Mode), help="how messages are encrypted")
    account.add_argument(
        "--account-kind", dest="kind", type=Kind, choices=list(Kind), help="which rights it has"
    )
    account.add_argument(
        "--web-domain", dest="web_domains", action="append", metavar="HOST[:PORT]", help="at most two"
    )
    account.add_argument(
        "--ip-whitelist", action="append", metavar="IP", help="who may fetch tokens; default all"
    )
    account.add_argument(
        "--open-platform", action="store_true", help="bound to an Open Platform: unionid appears"
    )

    behaviour = parser.add_argument_group("behaviour on which sources differ")
    behaviour.add_argument("--deadline", type=float, help="seconds for the answer to a delivery")
    behaviour.add_argument("--attempts", type=int, help="deliveries of a message that is not handled")
    behaviour.add_argument("--text-limit", type=int, help="bytes of a text")
    behaviour.add_argument("--failure-line", help="the grey line after the last failure")
    behaviour.add_argument(
        "--consent", type=Consent, choices=list(Consent), help="first userinfo page of a follower"
    )
    behaviour.add_argument(
        "--lenient-state", action="store_true", help="any state, not only letters and digits"
    )
    return parser


def _given(options: argparse.Namespace, kind: type[Account] | type[Behaviour]) -> dict[str, Any]:
    """The options that were given for this settings class; the class has the defaults."""
    values = {
        field.name: getattr(options, field.name) for field in fields(kind) if hasattr(options, field.name)
    }
    if "web_domains" in values:
        values["web_domains"] = tuple(values["web_domains"])
    if "ip_whitelist" in values:
        values["ip_whitelist"] = frozenset(values["ip_whitelist"])
    return values


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be 0 to 65535, got {text!r}")
    return int(text)


def _check_host(host: str, allow_remote: bool) -> None:
    """Raises ValueError unless `host` is loopback or others are expressly let in."""
    if allow_remote or host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            f"--host {host}: others could reach it, and the sandbox trusts every caller; "
            "add --allow-remote if you mean it"
        )


if __name__ == "__main__":
    sys.exit(main())
