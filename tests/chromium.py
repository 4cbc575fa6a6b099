"""The system's Chromium for all browser tests, and a page that fails its test when a script on it fails."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    expect,
    sync_playwright,
)

from tests.launch import PATIENCE

# Quiet: a browser that talks to nobody but the sandbox.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that is always there and always allowed.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)

# A script for `add_init_script` that keeps the page from giving up while a slow machine still works. Timers
# of three seconds or more never fire. `AbortSignal.timeout` aborts nothing: it adds its controller to the
# page's list `calls`, and a test aborts a call by `calls[n].abort()`.
NO_LONG_TIMERS = """{
  const wait = setTimeout;
  setTimeout = (act, delay, ...more) => wait(act, delay >= 3000 ? 2 ** 31 - 1 : delay, ...more);
  window.calls = [];
  AbortSignal.timeout = () => {
    calls.push(new AbortController());
    return calls.at(-1).signal;
  };
}"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed, and CI may skip nothing")
        pytest.skip("NOT TESTED: chromium is not installed (Debian package chromium)")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE * 1000)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE * 1000))
        yield browser
        browser.close()


@pytest.fixture
def without_cookies(browser: Browser, tmp_path: Path) -> Iterator[BrowserContext]:
    """A Chromium on a PC whose owner has blocked all cookies in its settings."""
    settings = tmp_path / "Default" / "Preferences"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    context = browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=shutil.which("chromium"), args=list(_ARGUMENTS), locale="zh-CN"
    )
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()


@pytest.fixture
def tolerated() -> list[str]:
    """A test that breaks something on purpose adds the words of the console errors that come of it."""
    return []


@contextmanager
def watched(page: Page, tolerated: list[str]) -> Iterator[None]:
    """Uncaught errors, console errors and dialogs that a script opened meanwhile fail the test."""
    faults: list[str] = []

    def uncaught(error: Error) -> None:
        faults.append(f"uncaught: {error}")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text} ({message.location.get('url')})")

    def asked(dialog: Dialog) -> None:
        faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("pageerror", uncaught)
    page.on("console", said)
    page.on("dialog", asked)
    yield
    page.remove_listener("pageerror", uncaught)
    page.remove_listener("console", said)
    page.remove_listener("dialog", asked)
    unexpected = [fault for fault in faults if not any(words in fault for words in tolerated)]
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture
def page(browser: Browser, tolerated: list[str]) -> Iterator[Page]:
    """A page in a context of its own, with the window of a laptop."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.add_init_script(NO_LONG_TIMERS)
    page = context.new_page()
    with watched(page, tolerated):
        yield page
        context.close()
