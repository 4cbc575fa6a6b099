"""Run the sandbox until a signal stops it."""

import asyncio
import errno
import signal
import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from aiohttp import web

from wechat_sandbox.account import Account
from wechat_sandbox.app import build_app
from wechat_sandbox.behaviour import Behaviour
from wechat_sandbox.bot_process import Bot, BotFailed
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.push.verification import NotVerified, verify
from wechat_sandbox.world.faults import Fault
from wechat_sandbox.world.world import World

# Listening address -> the address under which this machine reaches itself.
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - this does not listen anywhere


class PortTaken(Exception):
    """The sandbox cannot listen on this address. The message says how to choose another."""


@dataclass(frozen=True)
class Start:
    """The options of the command line. With `bot_port` None no bot is started."""

    account: Account
    behaviour: Behaviour
    faults: Sequence[Fault]
    host: str
    port: int
    allow_remote: bool
    callback: str | None
    bot_port: int | None


async def serve(start: Start) -> int:
    """Run the sandbox and return the exit status: 0 after a signal, 1 if the bot fails or ends.

    Raises PortTaken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with closing(_listen(start.host, start.port)) as listener:
        base_url = _base_url(start.host, listener.getsockname()[1])
        world = World(start.account, start.behaviour, base_url, start.faults)
        pusher = Pusher(world)
        app = build_app(world, pusher, start.allow_remote)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            if start.bot_port is not None:
                return await _with_bot(world, pusher, start.bot_port, stop)
            await _save_callback(world, pusher, start.callback)
            _say_ready(world)
            await stop.wait()
            return 0
        finally:
            await runner.cleanup()


async def _with_bot(world: World, pusher: Pusher, bot_port: int, stop: asyncio.Event) -> int:
    bot = Bot(world, pusher, bot_port)
    stopping = asyncio.create_task(stop.wait())
    try:
        starting = asyncio.create_task(bot.start())
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            # Wait until the task has ended: it could still start the child that must be stopped.
            await asyncio.wait([starting])
            return 0
        starting.result()
        _say_ready(world)
        dying = asyncio.create_task(bot.wait())
        await asyncio.wait([dying, stopping], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return 0
        print(f"[sandbox] the bot ended with status {dying.result()}; the sandbox stops too", flush=True)
        return 1
    except BotFailed as error:
        print(f"[sandbox] {error}", flush=True)
        return 1
    finally:
        stopping.cancel()
        await bot.stop()


async def _save_callback(world: World, pusher: Pusher, callback: str | None) -> None:
    """Set the callback. If its server does not answer yet, print this and set the callback anyway."""
    if callback is None:
        return
    try:
        await verify(world, pusher.http, callback)
        world.set_callback(callback, ok=True)
    except NotVerified as error:
        print(f"[sandbox] callback not verified, but messages are sent to it: {error}", flush=True)
        world.set_callback(callback, ok=False)


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    It is bound before anything else, so that a taken port is found at once and the number of a free port is
    known. Raises PortTaken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} is taken; choose another with --port N, or any free one with --port 0"
            ) from None
        raise PortTaken(
            f"cannot listen on {host} port {port}: {error.strerror}; choose others with --host and --port"
        ) from None
    listener.listen(128)
    listener.setblocking(False)
    return listener


def _base_url(host: str, port: int) -> str:
    name = _WILDCARDS.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


def _say_ready(world: World) -> None:
    print(f"sandbox ready {world.base_url}", flush=True)
