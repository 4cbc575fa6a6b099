"""The page about the account on Weibo, with the QR code to follow it there.

Anybody may open it, also outside WeChat. The text is in templates/weibo.html, the picture is
static/wb_qr_code.png.
"""

from bot import Page


class Weibo(Page):
    def GET(self) -> str:
        return self.render("weibo")
