"""The QR code of a website app's login on a PC: on WeChat's own page, or within our page.

It makes no calls and keeps no state: it only describes how the browser gets the code from WeChat. See
https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
"""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.config import LOGIN_PATH, Config
from bot.wechat.endpoints import Endpoints


class WebsiteQrCode:
    """Describe the QR code. `style` is the style sheet for the embedded code; it is read once."""

    def __init__(self, config: Config, endpoints: Endpoints, style: Path) -> None:
        self._config = config
        self._endpoints = endpoints
        self._back = config.public_url + LOGIN_PATH
        # wxLogin.js passes this to WeChat's page. A URL would fail on a site that WeChat cannot reach.
        self._href = "data:text/css;base64," + base64.b64encode(style.read_bytes()).decode()

    def page_url(self, state: str, lang: str) -> str:
        """Return the URL of WeChat's page with the QR code."""
        return self._endpoints.qrconnect(self._config.site_app_id, self._back, state, lang)

    def options(self, state: str, lang: str) -> dict[str, Any]:
        """Return the argument of `new WxLogin()`, which shows the QR code inside our page."""
        options: dict[str, Any] = {
            "self_redirect": self._config.wxlogin_self_redirect,
            "id": "wxlogin",
            "appid": self._config.site_app_id,
            "scope": "snsapi_login",
            "redirect_uri": quote(self._back, safe=""),  # wxLogin.js does not encode it
            "state": state,
            "style": self._config.wxlogin_style,
            "color_scheme": self._config.wxlogin_color_scheme,
        }
        if lang == "en":
            options["lang"] = "en"
        if self._config.wxlogin_stylelite:
            options["stylelite"] = 1
        else:
            options["href"] = self._href  # has no effect with stylelite
        if not self._config.wxlogin_fast:
            options["fast_login"] = 0
        return options
