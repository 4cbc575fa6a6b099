"""`python -m bot example-config`: print `config.example.py`. This module must not import handlers, which may
have a fault.
"""

from bot.config import Config
from bot.settings.example import example


def example_config() -> int:
    """Write the text to standard output. Return exit status 0."""
    print(example(Config), end="")
    return 0
