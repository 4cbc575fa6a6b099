"""Measure the sandbox: time to start, messages per second, memory.

    python bench/sandbox.py [--users 200] [--seconds 10] [--rate 300] [--page]

A trivial server in a process of its own answers for the account. A reader follows the events as the phone
page does. Closed loop: each user writes again as soon as the last message has been answered. Paced: all users
together send `--rate` messages a second, and the time of an answer is measured. All processes share this
machine's processors. With `--page` the phone page is open in Chromium, and its frames are timed.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from playwright.async_api import Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--callback-server", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.callback_server:
        web.run_app(callback_server(), host="127.0.0.1", port=0, access_log=None)
        return
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    starts = [start_up() for _ in range(5)]
    rows = [
        ("ready after start", f"{statistics.median(starts):.2f} s (median of 5, worst {max(starts):.2f})")
    ]
    rows.insert(0, ("load average before", load))
    rows += asyncio.run(measure(options.users, options.seconds, options.rate, options.page))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


def callback_server() -> web.Application:
    """Return a server that answers every message with a text."""

    async def verify(request: web.Request) -> web.Response:
        return web.Response(text=request.query["echostr"])

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        reply = (
            f"<xml><ToUserName>{request.query['openid']}</ToUserName>"
            "<FromUserName>gh_5a5b5c5d5e5f</FromUserName><CreateTime>1</CreateTime>"
            "<MsgType>text</MsgType><Content>ok</Content></xml>"
        )
        return web.Response(text=reply, content_type="text/xml")

    app = web.Application()
    app.router.add_get("/", verify)
    app.router.add_post("/", answer)
    return app


def start_sandbox(*more: str) -> tuple["subprocess.Popen[str]", str]:
    argv = [sys.executable, "-m", "wechat_sandbox", "--port", "0", *more]
    sandbox = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert sandbox.stdout is not None
    return sandbox, next(line for line in sandbox.stdout if line.startswith("sandbox ready")).split()[-1]


def start_up() -> float:
    began = time.perf_counter()
    sandbox, _ = start_sandbox()
    elapsed = time.perf_counter() - began
    sandbox.terminate()
    sandbox.wait()
    return elapsed


# Records the time of every frame until `window.watched` is set.
WATCH = """() => {
  window.frames_ms = [];
  let before = performance.now();
  const note = (now) => {
    window.frames_ms.push(now - before);
    before = now;
    if (!window.watched) requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}"""


@contextlib.asynccontextmanager
async def phone_page(url: str) -> AsyncIterator[Page]:
    """Open the phone page in Chromium as a developer does: the first user's chat and the log."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(url)
        await page.get_by_test_id("log-count").wait_for()
        yield page
        await browser.close()


async def frames(page: Page) -> str:
    """Return a line about the times of the frames since WATCH ran."""
    took = sorted(await page.evaluate("() => { window.watched = true; return window.frames_ms }"))
    at = [took[int((len(took) - 1) * part)] for part in (0.5, 0.95, 0.99, 1)]
    return (
        f"{len(took)} frames: {at[0]:.0f} ms (95 %: {at[1]:.0f}, 99 %: {at[2]:.0f}, longest: {at[3]:.0f} ms)"
    )


async def measure(users: int, seconds: float, rate: float, with_page: bool) -> list[tuple[str, str]]:
    argv = [sys.executable, __file__, "--callback-server"]
    bot = subprocess.Popen(
        argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    assert bot.stdout is not None
    callback = next(line for line in bot.stdout if "http://" in line).split()[-2]
    sandbox, url = start_sandbox("--callback", callback)
    try:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            driver = Driver(http, url)
            openids = [await driver.add_user(str(number)) for number in range(users)]
            reader = asyncio.create_task(driver.follow_events())
            at_start = memory_mb(sandbox.pid)
            closed = await driver.closed(openids, seconds)
            paced, lagged = [], "not measured"
            async with contextlib.AsyncExitStack() as stack:
                page = await stack.enter_async_context(phone_page(url)) if with_page else None
                if page is not None:
                    await page.evaluate(WATCH)
                paced = await driver.paced(openids, seconds, rate)
                if page is not None:
                    lagged = await frames(page)
            lag = await driver.event_lag(openids[0])
            at_end = memory_mb(sandbox.pid)
            reader.cancel()
    finally:
        for child in (sandbox, bot):
            child.terminate()
            child.wait()
    return [
        (
            f"{users} users, closed loop",
            f"{len(closed) / seconds:.0f} messages/s, answered in {spread(closed)}",
        ),
        (
            f"{users} users, {rate:g} messages/s wanted",
            f"{len(paced) / seconds:.0f} sent, answered in {spread(paced)}",
        ),
        ("the phone page meanwhile", lagged),
        ("an event reaches the page after", f"{lag * 1000:.0f} ms"),
        (
            "memory",
            f"{at_start:.0f} MB with the users, {at_end:.0f} MB after {len(closed) + len(paced)} messages",
        ),
    ]


class Driver:
    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = f"{url}/_sandbox"
        self._seen: dict[str, asyncio.Event] = {}

    async def add_user(self, nickname: str) -> str:
        body = {"nickname": nickname, "subscribed": True}
        async with self._http.post(f"{self._url}/users", json=body) as answer:
            openid: str = (await answer.json())["openid"]
            return openid

    async def send(self, openid: str, content: str = "hi") -> float:
        """Send a message and return the seconds until the phone showed an answer."""
        began = time.perf_counter()
        async with self._http.post(f"{self._url}/users/{openid}/send", json={"content": content}) as answer:
            result: dict[str, Any] = await answer.json()
        assert result["deliveries"][-1]["outcome"] == "reply", result
        return time.perf_counter() - began

    async def closed(self, openids: list[str], seconds: float) -> list[float]:
        end, took = time.perf_counter() + seconds, []

        async def chat(openid: str) -> None:
            while time.perf_counter() < end:
                took.append(await self.send(openid))

        await asyncio.gather(*(chat(openid) for openid in openids))
        return took

    async def paced(self, openids: list[str], seconds: float, rate: float) -> list[float]:
        began, tasks = time.perf_counter(), []
        for number in range(int(seconds * rate)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(self.send(openids[number % len(openids)])))
        return list(await asyncio.gather(*tasks))

    async def follow_events(self) -> None:
        async with self._http.get(f"{self._url}/events", timeout=aiohttp.ClientTimeout(None)) as events:
            async for line in events.content:
                if line.startswith(b"data: "):
                    message = json.loads(line[6:]).get("message", {})
                    seen = self._seen.get(message.get("content", "")) if message else None
                    if seen is not None:
                        seen.set()

    async def event_lag(self, openid: str) -> float:
        """Return the seconds from sending a message until its event reaches the page, without other load."""
        seen = self._seen["the last one"] = asyncio.Event()
        began = time.perf_counter()
        sending = asyncio.create_task(self.send(openid, "the last one"))
        await asyncio.wait_for(seen.wait(), 10)
        lag = time.perf_counter() - began
        await sending
        return lag


def spread(took: list[float]) -> str:
    cuts = statistics.quantiles(took, n=100)
    return f"{cuts[49] * 1000:.0f} ms (99 %: {cuts[98] * 1000:.0f} ms)"


def memory_mb(pid: int) -> float:
    out = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    ).stdout
    return int(out) / 1024


if __name__ == "__main__":
    main()
