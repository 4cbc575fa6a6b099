"""The two clouds by their real SDKs, against a server of the test's own; the sandbox's phone; none."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.errors import SmsError
from bot.people.sms import open_sender
from tests.conftest import MakeConfig
from tests.launch import ROOT, Sandbox

PHONE, CODE = "+8613800138000", "918273"


class Cloud:
    """Takes any request, keeps it, and says what it was told to say."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.says: dict[str, Any] = {}
        self.status = 200
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                cloud.asked.append(
                    {"headers": dict(self.headers), "query": urlsplit(self.path).query, "body": body.decode()}
                )
                said = json.dumps(cloud.says).encode()
                self.send_response(cloud.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                """The test's output is for the test."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud = Cloud()
    yield cloud
    cloud.close()


def settings(cloud: Cloud, sender: str) -> dict[str, Any]:
    return {
        "sms_sender": sender,
        "sms_key_id": "AKID-test",
        "sms_key_secret": "hunter2-key",
        "sms_app_id": "1400000001",
        "sms_sign": "示例",
        "sms_template": "SMS_1",
        "sms_endpoint": cloud.url,
    }


TENCENT_OK = {"Response": {"SendStatusSet": [{"Code": "Ok", "Message": "send success"}], "RequestId": "r"}}


@pytest.mark.filterwarnings("ignore")
def test_tencent_gets_the_number_the_template_and_the_code(cloud: Cloud, make_config: MakeConfig) -> None:
    cloud.says = TENCENT_OK
    sender = open_sender(make_config(**settings(cloud, "tencent")))
    assert sender
    sender.send(PHONE, CODE, "text")
    (asked,) = cloud.asked
    assert asked["headers"]["X-TC-Action"] == "SendSms"
    assert asked["headers"]["Authorization"].startswith("TC3-HMAC-SHA256 Credential=AKID-test/")
    assert json.loads(asked["body"]) == {
        "PhoneNumberSet": [PHONE],
        "SmsSdkAppId": "1400000001",
        "SignName": "示例",
        "TemplateId": "SMS_1",
        "TemplateParamSet": [CODE],
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("says", "code"),
    [
        ({"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberDailyLimit", "Message": PHONE}],
                       "RequestId": "r"}}, "LimitExceeded.PhoneNumberDailyLimit"),
        ({"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound", "Message": PHONE},
                       "RequestId": "r"}}, "AuthFailure.SecretIdNotFound"),
    ],
)  # fmt: skip
def test_what_tencent_refuses_is_an_sms_error_without_the_number(
    cloud: Cloud, make_config: MakeConfig, says: dict[str, Any], code: str
) -> None:
    cloud.says = says
    sender = open_sender(make_config(**settings(cloud, "tencent")))
    assert sender
    with pytest.raises(SmsError) as error:
        sender.send(PHONE, CODE, "text")
    assert error.value.code == code
    for secret in (PHONE, CODE, "hunter2"):
        assert secret not in str(error.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("phone", "number"), [(PHONE, "13800138000"), ("+85251234567", "85251234567")])
def test_aliyun_gets_the_number_the_template_and_the_code(
    cloud: Cloud, make_config: MakeConfig, phone: str, number: str
) -> None:
    cloud.says = {"Code": "OK", "Message": "OK", "BizId": "1", "RequestId": "r"}
    sender = open_sender(make_config(**settings(cloud, "aliyun")))
    assert sender
    sender.send(phone, CODE, "text")
    (asked,) = cloud.asked
    sent = {name: values[0] for name, values in parse_qs(asked["query"] + "&" + asked["body"]).items()}
    assert sent["PhoneNumbers"] == number
    assert sent["SignName"] == "示例"
    assert sent["TemplateCode"] == "SMS_1"
    assert json.loads(sent["TemplateParam"]) == {"code": CODE}
    assert "hunter2" not in str(asked)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("status", "says", "code"),
    [
        (200, {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": PHONE, "RequestId": "r"},
         "isv.BUSINESS_LIMIT_CONTROL"),
        (404, {"Code": "InvalidAccessKeyId.NotFound", "Message": PHONE, "RequestId": "r"},
         "InvalidAccessKeyId.NotFound"),
    ],
)  # fmt: skip
def test_what_aliyun_refuses_is_an_sms_error_without_the_number(
    cloud: Cloud, make_config: MakeConfig, status: int, says: dict[str, Any], code: str
) -> None:
    cloud.status, cloud.says = status, says
    sender = open_sender(make_config(**settings(cloud, "aliyun")))
    assert sender
    with pytest.raises(SmsError) as error:
        sender.send(PHONE, CODE, "text")
    assert error.value.code == code
    for secret in (PHONE, CODE, "hunter2"):
        assert secret not in str(error.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_a_cloud_that_cannot_be_reached_is_an_sms_error(
    cloud: Cloud, make_config: MakeConfig, name: str
) -> None:
    gone = settings(cloud, name) | {"sms_endpoint": "http://127.0.0.1:9"}
    sender = open_sender(make_config(**gone))
    assert sender
    with pytest.raises(SmsError) as error:
        sender.send(PHONE, CODE, "text")
    assert PHONE not in str(error.value)


def test_the_sandboxs_phone_shows_the_message(make_config: MakeConfig, wechat: Sandbox) -> None:
    openid = wechat.add_user("小明")
    wechat.call("PUT", f"users/{openid}/phone", {"phone": PHONE})
    sender = open_sender(make_config(sms_sender="sandbox", api_base=wechat.url))
    assert sender
    sender.send(PHONE, CODE, "验证码 918273")
    (message,) = wechat.call("GET", "sms")["messages"]
    assert (message["openid"], message["phone"], message["text"]) == (openid, PHONE, "验证码 918273")


def test_a_sandbox_that_is_not_there_is_an_sms_error(make_config: MakeConfig) -> None:
    sender = open_sender(make_config(sms_sender="sandbox"))
    assert sender
    with pytest.raises(SmsError):
        sender.send(PHONE, CODE, "text")


def test_none_is_no_sender(make_config: MakeConfig) -> None:
    assert open_sender(make_config()) is None


@pytest.mark.parametrize("name", ["tencent", "aliyun"])
def test_a_cloud_without_its_sdk_says_what_to_install(name: str) -> None:
    code = f"""
import sys
for missing in ("tencentcloud", "alibabacloud_dysmsapi20170525"):
    sys.modules[missing] = None
from bot.config import Config
from bot.errors import SmsError
from bot.people.sms import open_sender
try:
    open_sender(Config(sms_sender="{name}"))
except SmsError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "pip install -r requirements-sms.txt" in done.stdout, done.stderr


def test_no_sdk_is_imported_that_was_not_chosen() -> None:
    code = (
        "import sys, bot.app; print([n for n in sys.modules if n.split('.')[0] in ('tencentcloud', 'Tea')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
