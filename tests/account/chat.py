"""The answers in the chat of the tests' account."""

import re
import time

from bot import Chat, Image, Voice

HELP = """我能做这些：
· 发「帮助」看这份说明
· 发「慢 8」，8 秒后回答你"""
WAIT = re.compile(r"(?:慢|slow)\s*(\d{1,3})", re.IGNORECASE)


def greet(chat: Chat) -> str:
    return "欢迎关注！发「帮助」看看我能做什么。"


def goodbye(chat: Chat) -> None:
    return None


def show_help(chat: Chat) -> str:
    return HELP


def wait(chat: Chat, seconds: str) -> str:
    time.sleep(int(seconds))
    return f"等了 {int(seconds)} 秒"


def echo(chat: Chat) -> str:
    return f"你说：{chat.message.content}"


def same_image(chat: Chat) -> Image:
    return Image(chat.message.media_id)


def same_voice(chat: Chat) -> Voice:
    return Voice(chat.message.media_id)


def place(chat: Chat) -> str:
    message = chat.message
    where = message.label or "一个没有名字的地方"
    return f"你在{where}（北纬 {message.latitude:.4f}，东经 {message.longitude:.4f}）。"


def fallback(chat: Chat) -> str:
    return "收到。发「帮助」看看我能做什么。"
