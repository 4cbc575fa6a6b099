"""Count fetches of tokens and tickets: `python -m bench.tokens [--processes 100] [--seconds 60]`

Cold start: many processes on an empty store ask for a token and a ticket at the same time (goal: 1 fetch of
each). Refused: WeChat answers 40001 to every call for a minute (goal: at most 2 token fetches).
"""

import argparse
import os
import subprocess
import sys

from bench.account import Account
from bench.machine import machine
from tests.launch import ROOT, Sandbox, bot_env, start_sandbox

_CHILD = """
import sys
from bot.account_package import AccountPackage
from bot.app import build
from bot.config import load_config
from bot.chat.wording import Wording
from bot.errors import WeChatError
config = load_config()
parts = build(config, AccountPackage([], Wording("", "", "", "")))
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[1] == "cold":
    print(parts.base.tokens.get(), parts.site.jssdk._tickets.get())
else:
    import time
    end, failed, calls = time.monotonic() + float(sys.argv[1]), 0, 0
    while time.monotonic() < end:
        calls += 1
        try:
            parts.base.client.get("getcallbackip")
        except WeChatError as error:
            failed += error.errcode == 40001
        time.sleep(0.5)  # the sandbox keeps some hundred calls, and _fetches() counts in them
    print("clear errors", failed, "of", calls)
"""


def _together(count: int, env: dict[str, str], argument: str) -> list[str]:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _CHILD, argument],
            cwd=ROOT, env=os.environ | env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(count)
    ]  # fmt: skip
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return [child.communicate()[0].strip() for child in children]


def _fetches(sandbox: Sandbox, path: str) -> int:
    return sum(call["path"] == path for call in sandbox.calls())


def env_of(sandbox: Sandbox, account: Account, store_url: str) -> dict[str, str]:
    """Return settings for the processes. They read an empty config.py, not one of the operator."""
    (account.folder / "config.py").write_text("")
    return bot_env(sandbox) | {
        "BOT_CONFIG": str(account.folder / "config.py"),
        "BOT_STORE_URL": store_url,
        "BOT_PUBLIC_URL": sandbox.url,
        "BOT_SECRET_KEY": "bench" * 8,
    }


def cold_start(sandbox: Sandbox, env: dict[str, str], processes: int) -> tuple[set[str], int, int]:
    """Return the set of values that the processes got, and the numbers of token and ticket fetches."""
    got = set(_together(processes, env, "cold"))
    return got, _fetches(sandbox, "/cgi-bin/stable_token"), _fetches(sandbox, "/cgi-bin/ticket/getticket")


def refused(sandbox: Sandbox, env: dict[str, str], processes: int, seconds: float) -> tuple[int, list[str]]:
    """Return the token fetches while WeChat answers 40001 to every call, and the line of each process."""
    sandbox.faults([{"path": "/cgi-bin/getcallbackip", "errcode": 40001}])
    before = _fetches(sandbox, "/cgi-bin/stable_token")
    said = _together(processes, env, str(seconds))
    return _fetches(sandbox, "/cgi-bin/stable_token") - before, said


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    account = Account()
    print(f"tokens, {machine()}")
    with start_sandbox() as sandbox:
        env = env_of(sandbox, account, f"sqlite:///{account.folder}/bot.db")
        values, tokens, tickets = cold_start(sandbox, env, options.processes)
        assert len(values) == 1, values
        print(f"cold start, {options.processes} processes: {tokens} token fetch, {tickets} ticket fetch")
        fetches, said = refused(sandbox, env, 4, options.seconds - 1)
        print(f"40001 for {options.seconds:g} s, 4 processes: {fetches} token fetches; {', '.join(said)}")
    account.close()


if __name__ == "__main__":
    main()
