"""Run the bot as a child process, for `--with-bot`, and set up its account as an operator does."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.request import getproxies

from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.push.verification import NotVerified, verify
from wechat_sandbox.user_actions.actor import Actor
from wechat_sandbox.user_actions.following import subscribe
from wechat_sandbox.world.world import World

READY = "bot ready "
WAITS = "bot waits for a change"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
_RUNNER = Path(__file__).parent / "child_runner.py"
_LONGEST_LINE = 1 << 20


class BotFailed(Exception):
    """The bot did not start. The message names the step that failed."""


class Bot:
    """The bot process. It has its own session, so Ctrl-C reaches only the sandbox, which then stops the bot.

    If the sandbox is killed, `child_runner.py` stops the bot. The bot restarts itself when its files change
    (`serve --reload`). Everything that the sandbox holds stays.
    """

    def __init__(self, world: World, pusher: Pusher, port: int) -> None:
        self._world = world
        self._pusher = pusher
        self._preferred_port = port
        self._temporary = tempfile.TemporaryDirectory(prefix="wechat-sandbox-")  # the directory has mode 0700
        self._directory = Path(self._temporary.name)
        self._child: asyncio.subprocess.Process | None = None
        self._output: asyncio.Task[None] | None = None
        self._setting_up: asyncio.Task[None] | None = None
        self._is_waiting = False  # for the repair of a fault, without which it cannot start
        self._url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._urls_after_restarts: asyncio.Queue[str] = asyncio.Queue()

    async def start(self) -> None:
        """Start the bot and set it up.

        Returns when the bot answers, its callback is saved, its menu is installed and the first user follows.
        Raises BotFailed.
        """
        port = _free_port(self._preferred_port)
        if self._preferred_port not in (0, port):
            print(f"[sandbox] port {self._preferred_port} is taken; the bot gets port {port}", flush=True)
        settings = self._settings(port)
        env = (
            os.environ
            | {f"BOT_{name}": value for name, value in settings.items()}
            | {"PYTHONUNBUFFERED": "1", "no_proxy": f"{getproxies().get('no', '')},127.0.0.1"}
        )
        self._child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_RUNNER), str(self._directory)),
            *(sys.executable, "-m", "bot", "serve", "--reload"),
            env=env,
            # Nothing is written to this pipe. It closes when the sandbox ends, even after SIGKILL.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        self._output = asyncio.create_task(self._pass_output_on(self._child))
        url = await self._first_url()
        await self._save_callback(f"{url}/wechat")
        await self._install_menu(env)
        first = self._world.users.all()[0]
        await subscribe(Actor(self._world, self._pusher, first))
        self._world.keep_as_start()
        config = self._directory / "config.py"
        config.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
        foreign = "".join(f" -u {name}" for name in sorted(os.environ) if name.startswith("BOT_"))
        print(
            f"[sandbox] the bot's own commands: "
            f"env{foreign} BOT_CONFIG={config} {sys.executable} -m bot jobs",
            flush=True,
        )
        print(
            f"[sandbox] the bot's API: curl -H 'Authorization: Bearer {settings['API_TOKEN']}'"
            f''' -d '{{"openid": "{first.openid}"}}' {url}/api/accounts/lookup''',
            flush=True,
        )
        self._setting_up = asyncio.create_task(self._set_up_after_restarts(env, url))

    async def wait(self) -> int:
        """Wait for the end of the bot and return its exit status."""
        if self._child is None:
            raise BotFailed("the bot was not started")
        return await self._child.wait()

    async def stop(self) -> None:
        """Stop the bot and its workers with SIGTERM, then SIGKILL, and delete its store.

        May be called at any time.
        """
        self._url.cancel()
        if self._setting_up is not None:
            self._setting_up.cancel()
            await asyncio.wait([self._setting_up])
        if self._child is not None:
            _signal(self._child, signal.SIGTERM)
            try:
                await asyncio.wait_for(self._child.wait(), STOP_SECONDS)
            except TimeoutError:
                _signal(self._child, signal.SIGKILL)
                await self._child.wait()
        if self._output is not None:
            self._output.cancel()
        self._temporary.cleanup()

    async def _first_url(self) -> str:
        """Return the bot's address when the bot is ready. Raises BotFailed if this takes too long, unless the
        bot waits for the repair of a fault."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._url), START_SECONDS)
        except TimeoutError:
            if self._is_waiting:
                return await self._url
            raise BotFailed(f"the bot did not print `{READY}http://…` within {START_SECONDS:g} s") from None

    async def _set_up_after_restarts(self, env: Mapping[str, str], saved: str) -> None:
        """After each restart, install the menu if it has changed. `saved` is the address whose callback is
        saved: save another one."""
        while True:
            url = await self._urls_after_restarts.get()
            if url != saved:
                try:
                    await self._save_callback(f"{url}/wechat")
                    saved = url
                except BotFailed as error:
                    print(f"[sandbox] {error}", flush=True)
            await self._install_menu(env, is_shown=False)

    async def _install_menu(self, env: Mapping[str, str], *, is_shown: bool = True) -> None:
        """Install the menu with the operator's script, if there is one. Print a failure and go on.

        Print what the script says. With `is_shown` False, print it only if the script fails or changes the
        menu.
        """
        if not Path("setup_menu.py").is_file():
            return
        before = self._world.menus.default
        script = await asyncio.create_subprocess_exec(
            *(sys.executable, "setup_menu.py"),
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=None if is_shown else asyncio.subprocess.PIPE,
            stderr=None if is_shown else asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await script.communicate()
        except asyncio.CancelledError:
            script.kill()
            await script.wait()
            raise
        is_changed = self._world.menus.default != before
        if is_changed:
            self._world.keep_menu_as_start()
        if said and (is_changed or script.returncode != 0):
            print(said.decode(errors="replace").rstrip("\n"), flush=True)
        if script.returncode != 0:
            print(
                f"[sandbox] setup_menu.py ended with status {script.returncode}; no menu was installed",
                flush=True,
            )

    async def _save_callback(self, callback: str) -> None:
        try:
            await verify(self._world, self._pusher.http, callback)
        except NotVerified as error:
            raise BotFailed(f"the bot's callback was not verified: {error}") from None
        self._world.set_callback(callback, ok=True)

    async def _pass_output_on(self, child: asyncio.subprocess.Process) -> None:
        if child.stdout is None:
            return
        async for line in child.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            print(text, flush=True)
            if text.startswith(WAITS):
                self._is_waiting = True
            elif text.startswith(READY):
                self._is_waiting = False
                url = text.split()[-1].rstrip("/")
                if self._url.done():
                    self._urls_after_restarts.put_nowait(url)
                else:
                    self._url.set_result(url)
        status = await child.wait()
        if not self._url.done():
            self._url.set_exception(BotFailed(f"the bot ended with status {status} before it was ready"))

    def _settings(self, port: int) -> dict[str, str]:
        """Return the bot's settings. As environment variables they override the operator's config.py."""
        account, sandbox = self._world.account, self._world.base_url
        return {
            "APP_ID": account.app_id,
            "APP_SECRET": account.app_secret,
            "TOKEN": account.token,
            "ENCODING_AES_KEY": account.aes_key,
            "MODE": account.mode.value,
            "ORIGINAL_ID": account.original_id,
            "ACCOUNT_KIND": account.kind.value,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "LISTEN": f"127.0.0.1:{port}",
            "WORKERS": "2",
            "STORE_URL": f"sqlite:///{self._directory}/bot.db",
            "SECRET_KEY": secrets.token_hex(32),
            "API_BASE": sandbox,
            "OPEN_BASE": sandbox,
            "MP_BASE": sandbox,
            "JSSDK_SRC": f"{sandbox}/open/js/jweixin-1.6.0.js",
            "SITE_APP_ID": account.site_app_id,
            "SITE_APP_SECRET": account.site_app_secret,
            "WXLOGIN_SRC": f"{sandbox}/connect/zh_CN/htmledition/js/wxLogin.js",
            "SMS_SENDER": "sandbox",
            "API_TOKEN": secrets.token_hex(16),
            "LOG_ERROR_TEXTS": "true",
        }


def _free_port(preferred: int) -> int:
    """Return `preferred` if it is free, else any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise BotFailed("no free port for the bot; choose one with --bot-port N")


def _signal(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send a signal to all processes of the child's session, so that its workers end too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
