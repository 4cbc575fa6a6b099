"""Calls of PyPI `WeRoBot`. Its hosts are written into its code: its doors to the network, two functions of
`requests`, are opened to the sandbox instead."""

import io
import json
import os

import requests
import werobot.client
from werobot.client import Client, ClientException

SANDBOX, OPENID = os.environ["SANDBOX"], os.environ["OPENID"]


class Doors:
    @staticmethod
    def request(method, url, **kwargs):
        return requests.request(method, url.replace("https://api.weixin.qq.com", SANDBOX), **kwargs)

    @classmethod
    def get(cls, url, **kwargs):
        return cls.request("get", url, **kwargs)


werobot.client.requests = Doors
client = Client({"APP_ID": os.environ["APP_ID"], "APP_SECRET": os.environ["APP_SECRET"]})
told = {}
try:
    client.get_menu()
except ClientException as error:
    told["early"] = str(error)
client.create_menu({"button": [{"type": "click", "name": "歌", "key": "SONG"}]})
told["menu"] = client.get_menu()["menu"]["button"][0]["key"]
menuid = client.create_custom_menu(
    [{"type": "click", "name": "a", "key": "K"}], {"client_platform_type": "1"}
)
told["match"] = client.match_custom_menu(OPENID)["button"][0]["key"]
client.delete_custom_menu(menuid["menuid"])
told["subscribe"] = client.get_user_info(OPENID)["subscribe"]
client.send_text_message(OPENID, "来自 werobot")
picture = io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"\0" * 20)
picture.name = "a.png"
media_id = client.upload_media("image", picture)["media_id"]
told["downloaded"] = len(client.download_media(media_id).content)
told["qrcode"] = client.create_qrcode(
    {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "door"}}}
)["ticket"]
told["followers"] = client.get_followers()["total"]
client.remark_user(OPENID, "老客户")
tag = client.create_tag("会员")["tag"]["id"]
client.tag_users(tag, [OPENID])
told["tags"] = client.get_tags_by_user(OPENID)["tagid_list"] == [tag]
print(json.dumps(told), flush=True)
