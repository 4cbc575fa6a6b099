"""Answers to pictures, voices and places."""

from bot import Chat, Image, Voice


def same_image(chat: Chat) -> Image:
    return Image(chat.message.media_id)


def same_voice(chat: Chat) -> Voice:
    return Voice(chat.message.media_id)


def place(chat: Chat) -> str:
    message = chat.message
    where = message.label or "一个没有名字的地方"
    return f"你在{where}（北纬 {message.latitude:.4f}，东经 {message.longitude:.4f}）。"
