"""An account with handlers for measurements.

Every run of a handler adds a line to the file that RUNS names. Every reply names its message.
"""

import shutil
import tempfile
from pathlib import Path

from tests.launch import ROOT

_HANDLERS = """
import os, re, time
from bot.chat import on
from bot.chat.wording import Wording

def _note(text):
    descriptor = os.open(os.environ["RUNS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (text + "\\n").encode())
    os.close(descriptor)

def slow(chat, seconds, name):
    _note(name)
    time.sleep(float(seconds))
    if name.startswith("fail-") and os.path.exists("broken"):
        raise RuntimeError("the file is there")
    return f"answer {name}"

def held(chat, gate, name):
    _note(name)
    end = time.monotonic() + 300
    while not os.path.exists(gate) and time.monotonic() < end:
        time.sleep(0.5)
    return f"answer {name}"

def quick(chat):
    _note(chat.message.content)
    return f"answer {chat.message.content}"

CHAT = [
    on.text(re.compile(r"slow ([0-9.]+) (.+)"), slow, slow=True),
    on.text(re.compile(r"late ([0-9.]+) (.+)"), slow),
    on.text(re.compile(r"slow until ([^ ]+) (.+)"), held, slow=True),
    on.text(re.compile(r"late until ([^ ]+) (.+)"), held),
    on.message("text", quick),
]
PAGES = []
MENU = {"button": [{"type": "view", "name": "home", "page": "/"}]}
WORDING = Wording(sorry="sorry", still_working="still working", more="more", more_hint="more?")
"""


class Account:
    """A temporary folder with handlers. Start `python -m bot` in it, with the environment `env`."""

    def __init__(self, handlers: str = _HANDLERS) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bot-bench-"))
        (self.folder / "handlers").mkdir()
        (self.folder / "handlers" / "__init__.py").write_text(handlers, encoding="utf-8")
        for name in ("templates", "static"):
            (self.folder / name).symlink_to(ROOT / name)
        self.runs_file = self.folder / "runs"
        self.runs_file.touch()

    @property
    def env(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT), "RUNS": str(self.runs_file)}

    def runs(self) -> list[str]:
        """Return the names of the messages whose handler has started, in this order."""
        return self.runs_file.read_text(encoding="utf-8").split("\n")[:-1]

    def open(self, gate: str) -> None:
        """Let the handlers of `slow until GATE NAME` and `late until GATE NAME` finish."""
        (self.folder / gate).touch()

    def close(self) -> None:
        shutil.rmtree(self.folder)
