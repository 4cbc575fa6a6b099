"""Answers to events."""

from bot.chat.router import Chat


def greet(chat: Chat) -> str:
    return "欢迎关注！我是一个示例公众号。发「帮助」看看我能做什么。"


def goodbye(chat: Chat) -> None:
    """Nothing can be said to someone who has left. Delete here what you keep about them: WeChat asks for
    it. The engine deletes its own."""
