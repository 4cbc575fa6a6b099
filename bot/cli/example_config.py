"""`python -m bot example-config`: the text of `config.example.py`. Imports no handlers: it always works."""

from bot.config import Config
from bot.settings.example import example


def example_config() -> int:
    """Write the text to standard output. Return exit status 0."""
    print(example(Config), end="")
    return 0
