"""The sender for Alibaba Cloud SMS. It uses the cloud's own SDK (SendSms, version 2017-05-25)."""

import json

from bot.config import Config
from bot.errors import SmsError

try:
    from alibabacloud_dysmsapi20170525.client import Client
    from alibabacloud_dysmsapi20170525.models import SendSmsRequest
    from alibabacloud_tea_openapi.utils_models import Config as ApiConfig
    from darabonba.runtime import RuntimeOptions
except ImportError as missing:
    raise SmsError("aliyun", f"{missing.name} is missing: pip install -r requirements-sms.txt") from None

_CHINA = "+86"


class AliyunSender:
    """Send codes by Alibaba Cloud. SMS_KEY_ID and SMS_KEY_SECRET are the AccessKey ID and secret,
    SMS_TEMPLATE is a template with ${code}."""

    def __init__(self, config: Config) -> None:
        scheme, _, host = config.sms_endpoint.rpartition("://")
        self._client = Client(
            ApiConfig(
                access_key_id=config.sms_key_id,
                access_key_secret=config.sms_key_secret,
                endpoint=host or "dysmsapi.aliyuncs.com",
                protocol=scheme or "https",
            )
        )
        milliseconds = round(config.api_timeout * 1000)
        self._options = RuntimeOptions(
            connect_timeout=milliseconds, read_timeout=milliseconds, autoretry=False
        )
        self._config = config

    def send(self, phone: str, code: str, text: str) -> None:
        # Alibaba Cloud wants mainland numbers without a prefix, and others as country code and number without
        # the plus.
        number = phone.removeprefix(_CHINA) if phone.startswith(_CHINA) else phone.removeprefix("+")
        request = SendSmsRequest(
            phone_numbers=number,
            sign_name=self._config.sms_sign,
            template_code=self._config.sms_template,
            template_param=json.dumps({"code": code}),
        )
        try:
            answer = self._client.send_sms_with_options(request, self._options)
        except Exception as error:  # the SDK's many exception classes have no common base class
            # The error's text may quote the number, so use only the cloud's code or the type.
            raise SmsError("aliyun", str(getattr(error, "code", None) or type(error).__name__)) from None
        if answer.body is None or answer.body.code != "OK":
            raise SmsError("aliyun", str(answer.body.code if answer.body else "no answer"))
