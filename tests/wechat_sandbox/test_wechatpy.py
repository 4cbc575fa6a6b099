"""The library that most Python accounts use, unchanged but for its address."""

from typing import ClassVar

import pytest
from wechatpy import WeChatClient, WeChatClientException
from wechatpy.session.memorystorage import MemoryStorage

from tests.launch import Sandbox


def client_of(sandbox: Sandbox) -> WeChatClient:
    class Client(WeChatClient):
        API_BASE_URL: ClassVar[str] = f"{sandbox.url}/cgi-bin/"

        def fetch_access_token(self):
            return self._fetch_access_token(
                url=f"{sandbox.url}/cgi-bin/token",
                params={"grant_type": "client_credential", "appid": self.appid, "secret": self.secret},
            )

    account = sandbox.state()["account"]
    return Client(account["app_id"], account["app_secret"], session=MemoryStorage(), timeout=60)


@pytest.fixture
def client(sandbox: Sandbox) -> WeChatClient:
    return client_of(sandbox)


def test_menu(sandbox: Sandbox, client: WeChatClient) -> None:
    buttons = {"button": [{"type": "click", "name": "今日歌曲", "key": "V1001"}]}
    assert client.menu.create(buttons)["errcode"] == 0
    assert client.menu.get()["menu"]["button"][0]["name"] == "今日歌曲"
    assert sandbox.state()["menu"] == buttons
    assert client.menu.delete()["errcode"] == 0
    # What wechatpy makes of 46003.
    assert client.menu.get() is None


def test_users(client: WeChatClient, openid: str) -> None:
    assert client.user.get(openid)["subscribe"] == 1
    assert list(client.user.iter_followers()) == [openid]


def test_custom_messages(sandbox: Sandbox, client: WeChatClient, openid: str) -> None:
    with pytest.raises(WeChatClientException) as caught:
        client.message.send_text(openid, "too early")
    assert caught.value.errcode == 45015
    sandbox.send(openid, content="hi")
    client.message.send_text(openid, "你好")
    assert sandbox.chat(openid)[-1]["content"] == "你好"


def test_qrcode_and_media(sandbox: Sandbox, client: WeChatClient, openid: str) -> None:
    code = client.qrcode.create({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 123}}})
    assert code["expire_seconds"] == 60
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    media_id = client.media.upload("image", ("a.png", png, "image/png"))["media_id"]
    assert client.media.download(media_id).content == png


def test_jsapi_ticket(client: WeChatClient) -> None:
    assert len(client.jsapi.get_jsapi_ticket()) == 86


def test_a_dead_token_is_fetched_anew(sandbox: Sandbox, client: WeChatClient) -> None:
    client.user.get_followers()
    before = len(sandbox.calls())
    sandbox.clock(7201)
    assert client.user.get_followers()["total"] == 0
    paths = [call["path"] for call in sandbox.calls()[before:]]
    assert paths == ["/cgi-bin/user/get", "/cgi-bin/token", "/cgi-bin/user/get"]
