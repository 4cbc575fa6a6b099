"""Write a recording as a pytest file that starts its own sandbox."""

from pathlib import Path
from pprint import pformat
from string import Template
from typing import Any

_TEMPLATE = Path(__file__).parent / "exported_test.txt"
_WIDTH = 100


def pytest_file(recording: dict[str, Any]) -> str:
    """Return the source of a pytest file that replays the recording."""
    text = pformat(recording, width=_WIDTH, sort_dicts=False)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(recording=text)
