"""The sender for Tencent Cloud SMS. It uses the cloud's own SDK (SendSms, version 2021-01-11)."""

from typing import Any

from bot.config import Config
from bot.errors import SmsError

try:
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.sms.v20210111.models import SendSmsRequest
    from tencentcloud.sms.v20210111.sms_client import SmsClient
except ImportError as missing:
    raise SmsError("tencent", f"{missing.name} is missing: pip install -r requirements-sms.txt") from None


class TencentSender:
    """Send codes by Tencent Cloud. SMS_KEY_ID and SMS_KEY_SECRET are SecretId and SecretKey, SMS_APP_ID is
    the SdkAppId, SMS_TEMPLATE a template whose only variable is the code."""

    def __init__(self, config: Config) -> None:
        scheme, _, host = config.sms_endpoint.rpartition("://")
        http = HttpProfile(
            endpoint=host or "sms.tencentcloudapi.com",
            protocol=scheme or "https",
            reqTimeout=max(1, round(config.api_timeout)),
        )
        self._client = SmsClient(
            Credential(config.sms_key_id, config.sms_key_secret),
            config.sms_region or "ap-guangzhou",
            ClientProfile(httpProfile=http),
        )
        self._config = config

    def send(self, phone: str, code: str, text: str) -> None:
        request: Any = SendSmsRequest()
        request.PhoneNumberSet = [phone]
        request.SmsSdkAppId = self._config.sms_app_id
        request.SignName = self._config.sms_sign
        request.TemplateId = self._config.sms_template
        request.TemplateParamSet = [code]
        try:
            answer = self._client.SendSms(request)
        except TencentCloudSDKException as error:
            raise SmsError("tencent", str(error.get_code())) from None  # its message may quote the number
        # The call can succeed although the message fails: the answer has an outcome for each number.
        outcome = answer.SendStatusSet[0].Code if answer.SendStatusSet else "NoStatus"
        if outcome != "Ok":
            raise SmsError("tencent", str(outcome))
