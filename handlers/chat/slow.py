"""An example of a slow answer: the handler takes longer than WeChat waits, and the answer still arrives."""

import re
import time

from bot import Chat

PATTERN = re.compile(r"(?:慢|slow)\s*(\d{1,3})", re.IGNORECASE)


def wait(chat: Chat, seconds: str) -> str:
    time.sleep(int(seconds))
    return f"等了 {int(seconds)} 秒"
