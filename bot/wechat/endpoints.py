"""Where WeChat is: real hosts, or the sandbox. The bot knows the sandbox only as other base URLs."""

from dataclasses import dataclass
from urllib.parse import quote

from bot.config import Config


@dataclass(frozen=True)
class Endpoints:
    """Base URLs without a trailing slash."""

    api_base: str
    open_base: str

    @classmethod
    def of(cls, config: Config) -> "Endpoints":
        return cls(config.api_base, config.open_base)

    def api(self, path: str) -> str:
        """`path` begins with a slash: /cgi-bin/… or /sns/…"""
        return self.api_base + path

    def authorize(
        self, app_id: str, redirect_uri: str, scope: str, state: str, *, force_popup: bool = False
    ) -> str:
        """The authorize URL. WeChat checks it by pattern: this order of parameters, and the ending."""
        popup = "&forcePopup=true" if force_popup else ""
        return (
            f"{self.open_base}/connect/oauth2/authorize?appid={app_id}"
            f"&redirect_uri={quote(redirect_uri, safe='')}"
            f"&response_type=code&scope={scope}&state={state}{popup}#wechat_redirect"
        )

    def qrconnect(self, app_id: str, redirect_uri: str, state: str, lang: str = "zh_CN") -> str:
        """The Open Platform's page with a QR code, for a website app's login on a PC."""
        english = "&lang=en" if lang == "en" else ""
        return (
            f"{self.open_base}/connect/qrconnect?appid={app_id}&redirect_uri={quote(redirect_uri, safe='')}"
            f"&response_type=code&scope=snsapi_login&state={state}{english}#wechat_redirect"
        )
