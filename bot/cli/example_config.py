"""`python -m bot example-config`: print `config.example.py`. This module must not import handlers, which may
have a fault.
"""

from bot.cli.terminal import say
from bot.config import Config
from bot.settings.example import example


def example_config() -> int:
    """Write the text to standard output. Return exit status 0."""
    say(example(Config).removesuffix("\n"))
    return 0
