"""Answers to a user who follows the account, or stops following it."""

from bot import Chat


def greet(chat: Chat) -> str:
    return "欢迎关注！我是一个示例公众号。发「帮助」看看我能做什么。"


def goodbye(chat: Chat) -> None:
    """Delete the data that you store about a user who has unsubscribed: WeChat requires this. The engine
    deletes its own data. A reply would not reach this user."""
