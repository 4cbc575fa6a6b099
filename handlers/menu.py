"""The menu, and the replies to its clicks. Install it with `python setup_menu.py`.

A view button with `page` and `scope` becomes an OAuth link to that page of this site, built from the
settings. Limits on names, keys and URLs are checked before anything is sent.
"""

from bot.chat.replies.returned import Picture
from bot.chat.router import Chat


def wx_qr_code(chat: Chat) -> Picture:
    return Picture("wx_qr_code.png", title="扫码关注我们的公众号")


def wb_qr_code(chat: Chat) -> Picture:
    return Picture("wb_qr_code.png", title="扫码关注我们的微博")


MENU = {
    "button": [
        {"type": "click", "name": "微信关注", "key": "wx_qr_code"},
        {"type": "click", "name": "微博关注", "key": "wb_qr_code"},
        {
            "name": "更多精彩",
            "sub_button": [
                {"type": "view", "name": "开发文档", "url": "https://developers.weixin.qq.com/doc/"},
                {"type": "view", "name": "web.py", "url": "https://webpy.org/"},
                {"type": "view", "name": "wechatpy", "url": "https://docs.wechatpy.org/"},
                {"type": "view", "name": "我的主页", "page": "/", "scope": "snsapi_userinfo"},
            ],
        },
    ]
}

REPLIES = {
    "wx_qr_code": wx_qr_code,
    "wb_qr_code": wb_qr_code,
}
