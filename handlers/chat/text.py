"""Answers to texts, and to messages that no other route matches."""

from bot import Chat

HELP = """我能做这些：
· 发「帮助」看这份说明
· 发「慢 8」，8 秒后回答你
· 发图片或语音，原样发回
· 发位置，告诉你我看到的地名
· 点下面的菜单，看二维码和你的主页
· 发别的文字，我会复述一遍"""


def show_help(chat: Chat) -> str:
    return HELP


def echo(chat: Chat) -> str:
    return f"你说：{chat.message.content}"


def fallback(chat: Chat) -> str:
    return "收到。发「帮助」看看我能做什么。"
