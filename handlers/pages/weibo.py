"""What the account publishes on Weibo, and the QR code to follow it there; for anybody, also outside WeChat.

The words are in templates/weibo.html, the picture is static/wb_qr_code.png.
"""

from bot.site.page import Page


class Weibo(Page):
    def GET(self) -> str:
        return self.render("weibo")
