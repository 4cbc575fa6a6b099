"""The sender for development: the sandbox's phone shows the message. API_BASE is the sandbox's address."""

import requests

from bot.config import Config
from bot.errors import SmsError


class SandboxSender:
    """Send codes to the phone of the sandbox."""

    def __init__(self, config: Config) -> None:
        self._url = f"{config.api_base}/_sandbox/sms"
        self._timeout = config.api_timeout

    def send(self, phone: str, code: str, text: str) -> None:
        try:
            answer = requests.post(self._url, json={"phone": phone, "text": text}, timeout=self._timeout)
        except requests.RequestException as error:
            raise SmsError("sandbox", type(error).__name__) from None
        if not answer.ok:
            raise SmsError("sandbox", f"HTTP status {answer.status_code}")
