"""The URLs of WeChat. With the sandbox only the base URLs differ; no other code of the bot depends on the
sandbox.
"""

from dataclasses import dataclass
from urllib.parse import quote

from bot.config import Config


@dataclass(frozen=True)
class Endpoints:
    """WeChat's base URLs, without a slash at the end: of the API, and of the authorize pages."""

    api_base: str
    open_base: str

    @classmethod
    def of(cls, config: Config) -> "Endpoints":
        """Return the endpoints that API_BASE and OPEN_BASE name."""
        return cls(config.api_base, config.open_base)

    def api(self, path: str) -> str:
        """Return the URL of an API call. `path` begins with a slash: /cgi-bin/… or /sns/…"""
        return self.api_base + path

    def authorize(
        self, app_id: str, redirect_uri: str, scope: str, state: str, *, force_popup: bool = False
    ) -> str:
        """Return the authorize URL. WeChat requires this order of parameters and the `#wechat_redirect`."""
        popup = "&forcePopup=true" if force_popup else ""
        return (
            f"{self.open_base}/connect/oauth2/authorize?appid={app_id}"
            f"&redirect_uri={quote(redirect_uri, safe='')}"
            f"&response_type=code&scope={scope}&state={state}{popup}#wechat_redirect"
        )

    def qrconnect(self, app_id: str, redirect_uri: str, state: str, lang: str = "zh_CN") -> str:
        """Return the URL of the Open Platform's page with a QR code: the login of a website app on a PC."""
        english = "&lang=en" if lang == "en" else ""
        return (
            f"{self.open_base}/connect/qrconnect?appid={app_id}&redirect_uri={quote(redirect_uri, safe='')}"
            f"&response_type=code&scope=snsapi_login&state={state}{english}#wechat_redirect"
        )
