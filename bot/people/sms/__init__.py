"""Senders of SMS codes: Tencent Cloud, Alibaba Cloud, and the phone of the sandbox.

The SDK of a cloud (requirements-sms.txt) is imported only if SMS_SENDER names that cloud.
"""

from typing import Protocol

from bot.config import Config
from bot.errors import SmsError


class Sender(Protocol):
    """The interface of every sender."""

    def send(self, phone: str, code: str, text: str) -> None:
        """Send one code to one phone. Return when the carrier has accepted the message.

        `phone` is E.164. A cloud puts `code` into its approved template. A sender without templates sends
        `text`, the whole message. Raises SmsError, whose text contains neither phone nor code.
        """


def open_sender(config: Config) -> Sender | None:
    """Return the sender that SMS_SENDER names, or None if it is `none`. Raises SmsError if the SDK of the
    cloud is not installed."""
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
