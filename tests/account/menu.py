"""The menu of the tests' account: a key, a picture, a plain link and an OAuth link."""

from bot import Chat, Picture


def wx_qr_code(chat: Chat) -> Picture:
    return Picture("wx_qr_code.png", title="扫码关注我们的公众号")


def wb_qr_code(chat: Chat) -> Picture:
    return Picture("wb_qr_code.png", title="扫码关注我们的微博")


REPLIES = {"wx_qr_code": wx_qr_code, "wb_qr_code": wb_qr_code}

MENU = {
    "button": [
        {"type": "click", "name": "微信关注", "key": "wx_qr_code"},
        {"type": "click", "name": "微博关注", "key": "wb_qr_code"},
        {
            "name": "更多精彩",
            "sub_button": [
                {"type": "view", "name": "博客", "page": "/blog"},
                {"type": "view", "name": "微博", "page": "/weibo"},
                {"type": "view", "name": "关于", "page": "/about"},
                {"type": "view", "name": "我的主页", "page": "/", "scope": "snsapi_userinfo"},
            ],
        },
    ]
}
