"""The settings: one table, read from `config.py` and the environment into a frozen `Config`.

The fields of `Config` are the table: name, default, reader, and one line of help. `config.example.py` is made
from it, and a test checks that it is up to date. The code that reads values is in `bot/settings/`.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.errors import ConfigError
from bot.settings import sources
from bot.settings.readers import (
    flag,
    host,
    list_of,
    listen_address,
    matching,
    number,
    one_of,
    region,
    site,
    text,
    url,
)
from bot.settings.table import setting
from bot.store.url import StoreUrl

ROOT = Path(__file__).resolve().parents[1]

MODES = ("plain", "compatible", "safe")
# WeChat's console, installed menus and QR codes contain these paths and names, so they must not change.
CALLBACK_PATH = "/wechat"
LOGIN_PATH = "/login"
LOGIN_STATUS_PATH = "/login/status"
ACCOUNT_PATH = "/account"
LOGIN_SCENE = "login-"  # followed by the id of a login

ACCOUNT_KINDS = ("subscription", "subscription-verified", "service", "service-verified", "test")


def _store_url(value: Any) -> str:
    """Return a store's URL. A relative SQLite path starts at the project's folder, not the current one."""
    return StoreUrl.parse(text(value)).under(ROOT).text


@dataclass(frozen=True)
class Config:
    """Every setting, read and checked. `config.py` uses the same names in capitals.

    The arguments of `setting()` are the default, the reader, and the help line in config.example.py.
    """

    app_id: str = setting(
        "", matching(r"wx[0-9a-f]{16}", "wx and 16 hex digits"), "AppID, from the console", required=True
    )
    app_secret: str = setting("", text, "AppSecret, from the console", required=True)
    token: str = setting(
        "",
        matching(r"[0-9A-Za-z]{3,32}", "3 to 32 letters and digits"),
        "Token, as typed into the console",
        required=True,
    )
    encoding_aes_key: str = setting(
        "",
        matching(r"[0-9A-Za-z]{43}", "43 letters and digits"),
        "EncodingAESKey of the console; needed unless MODE is plain",
    )
    mode: str = setting(
        "plain",
        one_of(*MODES),
        "message mode of the console: plain (明文), compatible (兼容) or safe (安全)",
    )
    original_id: str = setting(
        "",
        matching(r"gh_[0-9A-Za-z]+", "gh_ and letters or digits"),
        "original id (原始ID) of the account, gh_...; messages to any other are refused",
        required=True,
    )
    account_kind: str = setting(
        "subscription",
        one_of(*ACCOUNT_KINDS),
        f"kind of account, which decides its rights: {', '.join(ACCOUNT_KINDS[:-1])} or {ACCOUNT_KINDS[-1]}",
    )
    handlers: str = setting(
        "handlers",
        matching(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", "the name of a Python package"),
        "the package with your replies, pages and menu; `python -m bot new NAME` makes one",
    )
    public_url: str = setting(
        "",
        site,
        "public address of this server, https://host; all links begin with it",
        required=True,
    )
    listen: str = setting("127.0.0.1:8080", listen_address, "host:port this server listens on")
    workers: int = setting(2, number(1, 64, int), "server processes")
    threads: int = setting(16, number(1, 512, int), "threads per process for pages")
    handler_threads: int = setting(
        200,
        number(1, 2000, int),
        "handlers at the same time, per process, each in a thread; further ones run as jobs",
    )
    jobs_in_server: bool = setting(
        True, flag, "slow answers run in the server's processes; False: only in `python -m bot worker`"
    )
    job_threads: int = setting(200, number(1, 1024, int), "slow answers at the same time, per process")
    stop_seconds: float = setting(
        8.0,
        number(0, 600),
        "seconds that slow answers may run on after SIGTERM; then other processes take them over",
    )
    store_url: str = setting(
        "sqlite:///var/bot.db",
        _store_url,
        "sqlite:///path on one machine, redis://host:6379/0 on several; TLS, Sentinel …: deploy/README.md",
    )
    store_replicas: int = setting(
        0,
        number(0, 10, int),
        "Redis: how many replicas must have a write before it counts; slower, and safer after a failover",
    )
    secret_key: str = setting(
        "",
        matching(r".{32,}", "at least 32 characters"),
        'signs links and cookies; make one: python -c "import secrets; print(secrets.token_hex(32))"',
        required=True,
    )
    api_base: str = setting("https://api.weixin.qq.com", url, "WeChat's API; another URL for the sandbox")
    open_base: str = setting("https://open.weixin.qq.com", url, "WeChat's authorize pages")
    mp_base: str = setting(
        "https://mp.weixin.qq.com", url, "WeChat's site, which may show our pages in a frame"
    )
    jssdk_src: str = setting(
        "https://res.wx.qq.com/open/js/jweixin-1.6.0.js", url, "the JS-SDK script that pages load"
    )
    api_timeout: float = setting(8.0, number(0.1, 60), "seconds to wait for an answer of WeChat's API")
    token_kind: str = setting(
        "stable", one_of("stable", "classic"), "stable uses /cgi-bin/stable_token, classic /cgi-bin/token"
    )
    token_daily_budget: int = setting(
        200,
        number(1, 2000, int),
        "most token fetches a day that the bot allows itself; WeChat's limit is 2000",
    )
    freshness_seconds: int = setting(
        300, number(30, 3600, int), "most seconds between a delivery's timestamp and our clock"
    )
    replay_guard: bool = setting(
        False,
        flag,
        "plain mode: refuse a timestamp and nonce seen before with another body, as long as the store works",
    )
    deadline_seconds: float = setting(
        4.5,
        number(0.05, 4.9),
        "seconds that a delivery may wait for its answer; WeChat hangs up at about 4.96",
    )
    late_answers: str = setting(
        "auto",
        one_of("auto", "push", "keep"),
        "answers too late for WeChat: push by customer-service message, keep for the next message, "
        "or auto (by ACCOUNT_KIND)",
    )
    text_limit_bytes: int = setting(
        2048, number(100, 20480, int), "longest text reply in UTF-8 bytes; the user can request the rest"
    )
    session_days: int = setting(30, number(1, 365, int), "longest lifetime of a visitor's login, in days")
    session_idle_days: int = setting(
        7, number(1, 365, int), "lifetime of a visitor's login without a visit, in days"
    )
    recheck_minutes: int = setting(
        120,
        number(0, 525600, int),
        "minutes without a visit after which a silent login checks that the user is the same; 0: never",
    )
    trusted_proxies: str = setting(
        "127.0.0.1, ::1",
        list_of(ipaddress.ip_network, "IP addresses or networks"),
        "IP addresses or networks of your own proxies, commas between; only their X-Forwarded-For is used",
    )
    rate_limit: int = setting(
        300, number(1, 100000, int), "visits per minute and IP address that may cause a call to WeChat"
    )
    jssdk_hosts: str = setting(
        "",
        list_of(host, "hosts"),
        "further hosts whose pages /jssdk signs, beside that of PUBLIC_URL, with commas between",
    )
    jssdk_debug: bool = setting(False, flag, "pages show the signed URL, their own URL, and the difference")
    login_way: str = setting(
        "scene",
        one_of("scene", "website", "embedded", "off"),
        "login on the PC: scene (the account's own QR code), website (the Open Platform's page), embedded "
        "(its QR code within ours), off",
    )
    site_app_id: str = setting(
        "", matching(r"wx[0-9a-f]{16}", "wx and 16 hex digits"), "AppID of the Open Platform's website app"
    )
    site_app_secret: str = setting("", text, "AppSecret of the Open Platform's website app")
    wxlogin_src: str = setting(
        "https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js",
        url,
        "the script of the embedded QR code",
    )
    wxlogin_style: str = setting(
        "black", one_of("black", "white"), "embedded QR code: black (dark text) or white"
    )
    wxlogin_stylelite: bool = setting(
        False, flag, "embedded QR code: WeChat's small new look, without our style sheet"
    )
    wxlogin_fast: bool = setting(True, flag, "embedded QR code: offer the WeChat that runs on this PC")
    wxlogin_color_scheme: str = setting(
        "light", one_of("light", "dark", "auto"), "embedded QR code: light, dark or auto"
    )
    wxlogin_self_redirect: bool = setting(
        False,
        flag,
        "embedded QR code: return inside the frame first, if browsers block a redirect of the whole page",
    )
    phone_regions: str = setting(
        "CN",
        list_of(region, "countries of two capital letters"),
        "countries whose mobile numbers can be bound, the first one's without +86; CN, HK, ...",
    )
    sms_sender: str = setting(
        "none",
        one_of("none", "tencent", "aliyun", "sandbox"),
        "sender of SMS codes: tencent, aliyun (requirements-sms.txt), sandbox (its phone), "
        "none (no phone can be bound)",
    )
    sms_key_id: str = setting("", text, "SMS: SecretId (Tencent Cloud) or AccessKey ID (Alibaba Cloud)")
    sms_key_secret: str = setting("", text, "SMS: SecretKey or AccessKey secret")
    sms_app_id: str = setting("", text, "SMS: SdkAppId, Tencent Cloud only")
    sms_sign: str = setting("", text, "SMS: the approved signature")
    sms_template: str = setting(
        "", text, "SMS: the approved template; its one variable is the code (Alibaba Cloud: named code)"
    )
    sms_region: str = setting("", text, "SMS: region, Tencent Cloud only; ap-guangzhou if empty")
    sms_endpoint: str = setting("", url, "SMS: another endpoint of the cloud, a URL; its usual one if empty")
    sms_per_day: int = setting(10, number(1, 1000, int), "codes a day for one number, and for one person")
    sms_per_day_and_address: int = setting(
        10, number(1, 100000, int), "codes a day for one IP address, which a whole office may share"
    )
    api_token: str = setting(
        "",
        matching(r"[!-~]{16,}", "at least 16 characters"),
        "bearer token for /api/accounts/; empty: this path is off",
    )
    verify_dir: str = setting("static/verify", text, "folder of MP_verify_*.txt files, served at the root")
    static_seconds: int = setting(
        3600,
        number(0, 31_536_000, int),
        "seconds for which browsers use a file of /static/ without asking for a new one",
    )
    metrics_token: str = setting("", text, "if set, /metrics requires it as a bearer token")
    log_format: str = setting("text", one_of("text", "json"), "one line per request, as text or as JSON")
    log_requests: bool = setting(True, flag, "one line for each request; problems are logged in any case")
    log_error_texts: bool = setting(
        False,
        flag,
        "log the texts of exceptions in handlers; not with real users, whose messages they may quote",
    )

    @property
    def origin(self) -> str:
        """Return scheme and host of PUBLIC_URL, as browsers write them in the Origin header."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def can_push(self) -> bool:
        """Return True if late answers are pushed as customer-service messages. With LATE_ANSWERS = "auto"
        this depends on the account's right: verified accounts and test accounts have it (docs/protocol.md
        §10)."""
        if self.late_answers == "auto":
            return self.account_kind in ("subscription-verified", "service-verified", "test")
        return self.late_answers == "push"


def load_config(path: str | None = None, env: Mapping[str, str] | None = None) -> Config:
    """Read all settings: from `BOT_<NAME>` in the environment `env`, else from a Python file, else defaults.

    `path` defaults to BOT_CONFIG, else `config.py` in the current folder, else beside config.example.py.
    Raises ConfigError with every fault at once: unreadable file, unknown name, missing or bad value.
    """
    reading = sources.read(Config, path, os.environ if env is None else env, ROOT)
    missing = reading.missing + _missing_for_choice(reading.values)
    faults = reading.faults + [f"{name} is missing" for name in missing]
    if faults:
        raise ConfigError(faults)
    return Config(**reading.values)


def _missing_for_choice(values: Mapping[str, Any]) -> list[str]:
    """Return the names of empty settings that another setting requires.

    `values` lacks settings that could not be read. They are not returned, because their fault is reported
    already.
    """
    needed = []
    if values.get("mode", "plain") != "plain":
        needed.append("encoding_aes_key")
    needed.append("phone_regions")  # the reader of a list accepts an empty one
    if values.get("login_way") in ("website", "embedded"):
        needed += ["site_app_id", "site_app_secret"]
    if values.get("sms_sender") in ("tencent", "aliyun"):
        needed += ["sms_key_id", "sms_key_secret", "sms_sign", "sms_template"]
    if values.get("sms_sender") == "tencent":
        needed.append("sms_app_id")
    return [name.upper() for name in needed if values.get(name) == ""]
