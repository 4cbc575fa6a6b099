"""Text messages with a code: one small promise, kept by two clouds and by the sandbox's phone.

A cloud's SDK is imported only if it is chosen (requirements-sms.txt).
"""

from typing import Protocol

from bot.config import Config
from bot.errors import SmsError


class Sender(Protocol):
    """Sends one code to one phone."""

    def send(self, phone: str, code: str, text: str) -> None:
        """Hand the message to the carrier; returns when it has been taken.

        `phone` is E.164. Clouds put `code` into the template that they have approved; `text` is the whole
        message, for senders without templates. Raises SmsError, whose text holds neither phone nor code.
        """


def open_sender(config: Config) -> Sender | None:
    """What SMS_SENDER names; None for `none`. Raises SmsError where the cloud's SDK is not installed."""
    if config.sms_sender == "tencent":
        from bot.people.sms.tencent import TencentSender

        return TencentSender(config)
    if config.sms_sender == "aliyun":
        from bot.people.sms.aliyun import AliyunSender

        return AliyunSender(config)
    if config.sms_sender == "sandbox":
        from bot.people.sms.sandbox import SandboxSender

        return SandboxSender(config)
    return None


__all__ = ["Sender", "SmsError", "open_sender"]
