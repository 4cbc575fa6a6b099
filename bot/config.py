"""Settings: one table, read from `config.py` and the environment into a frozen `Config`.

The fields of `Config` *are* the table: name, default, how to read it, and one line of help. From it come
`config.example.py` (a test holds the two equal) and every check. All faults are reported at once, by name.
"""

import dataclasses
import difflib
import ipaddress
import os
import re
import runpy
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]

MODES = ("plain", "compatible", "safe")
# Paths and names that WeChat's console, a menu or a QR code repeats, so that they must not change.
CALLBACK_PATH = "/wechat"
LOGIN_PATH = "/login"
LOGIN_STATUS_PATH = "/login/status"
ACCOUNT_PATH = "/account"
LOGIN_SCENE = "login-"  # followed by the id of a login

ACCOUNT_KINDS = ("subscription", "subscription-verified", "service", "service-verified", "test")

Reader = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value.strip()


def _number(low: float, high: float, kind: type = float) -> Reader:
    def read(value: Any) -> Any:
        try:
            number = kind(value)
        except (TypeError, ValueError):
            raise ValueError(f"must be a number, not {value!r}") from None
        if not low <= number <= high:
            raise ValueError(f"must be between {low} and {high}, not {value}")
        return number

    return read


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"must be true or false, not {value!r}")


def _one_of(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {value!r}")
        return str(value)

    return read


def _matching(pattern: str, meaning: str) -> Reader:
    def read(value: Any) -> str:
        text = _text(value)
        if text and not re.fullmatch(pattern, text):
            raise ValueError(f"must be {meaning}")  # the value itself may be a secret: not repeated
        return text

    return read


def _url(value: Any) -> str:
    text = _text(value)
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"must be an http(s) URL without query, not {text!r}")
    return text.rstrip("/")


def _site(value: Any) -> str:
    """Scheme and host only: WeChat looks for its verification files at the root of the domain, and pages,
    cookies and the callback are there, too. As browsers write them, for it is compared with theirs."""
    text = _url(value)
    if not text:
        return text
    site = urlsplit(text)
    if site.path:
        raise ValueError(
            f"must be scheme and host without a path, not {text!r}: give the bot a host of its own"
        )
    return f"{site.scheme}://{host_of(site)}"


def host_of(url: SplitResult) -> str:
    """Host and port of an http(s) URL as browsers write them: small letters, and no port where it is the
    scheme's own. A name before an @ is part of it: such a URL is no page's."""
    return url.netloc.lower().removesuffix({"http": ":80", "https": ":443"}[url.scheme])


def _listen(value: Any) -> str:
    text = _text(value)
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= 65535:
        raise ValueError(f"must be host:port, not {text!r}")
    if host == "localhost":
        return f"127.0.0.1:{port}"
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"must have brackets round an IPv6 address, as in [::1]:8080, not {text!r}")
    return text


def _store_url(value: Any) -> str:
    text = _text(value)
    path = text.removeprefix("sqlite:///")
    if path and path != text:
        return f"sqlite:///{ROOT / path}"  # a relative path counts from the project, wherever we are started
    if text.startswith(("redis://", "rediss://", "unix://")):
        return text
    raise ValueError("must be sqlite:///path or redis://host:port/db")  # may hold a password


def _list_of(check: Callable[[str], object], meaning: str) -> Reader:
    """A text of several, commas between. It stays a text; `parts()` takes it apart."""

    def read(value: Any) -> str:
        text = _text(value)
        try:
            for part in parts(text):
                check(part)
        except ValueError:
            raise ValueError(f"must be {meaning}, commas between") from None
        return text

    return read


def parts(text: str) -> tuple[str, ...]:
    """What a setting with commas in it names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _host(text: str) -> None:
    if not re.fullmatch(r"[0-9A-Za-z.-]+(:\d{1,5})?", text):
        raise ValueError


def _region(text: str) -> None:
    if not re.fullmatch("[A-Z]{2}", text):
        raise ValueError


def setting(default: Any, read: Reader, help_: str, *, required: bool = False) -> Any:
    """A row of the table: its default, how a raw value is read, its help line, whether it must be given."""
    return field(default=default, metadata={"read": read, "help": help_, "required": required})


@dataclass(frozen=True)
class Config:
    """Every setting, read and checked. `config.py` uses the same names in capitals."""

    app_id: str = setting(
        "", _matching(r"wx[0-9a-f]{16}", "wx and 16 hex digits"), "AppID, from the console", required=True
    )
    app_secret: str = setting("", _text, "AppSecret, from the console", required=True)
    token: str = setting(
        "",
        _matching(r"[0-9A-Za-z]{3,32}", "3 to 32 letters and digits"),
        "Token, as typed into the console",
        required=True,
    )
    encoding_aes_key: str = setting(
        "",
        _matching(r"[0-9A-Za-z]{43}", "43 letters and digits"),
        "EncodingAESKey of the console; needed unless MODE is plain",
    )
    mode: str = setting(
        "plain",
        _one_of(*MODES),
        "message mode of the console: plain (明文), compatible (兼容) or safe (安全)",
    )
    original_id: str = setting(
        "",
        _matching(r"gh_[0-9A-Za-z]+", "gh_ and letters or digits"),
        "original id (原始ID) of the account, gh_...; messages to any other are refused",
        required=True,
    )
    account_kind: str = setting(
        "subscription",
        _one_of(*ACCOUNT_KINDS),
        f"what the account is, and so what it may: {', '.join(ACCOUNT_KINDS[:-1])} or {ACCOUNT_KINDS[-1]}",
    )
    public_url: str = setting(
        "",
        _site,
        "where the world sees this server, https://host; every link is built from it",
        required=True,
    )
    listen: str = setting("127.0.0.1:8080", _listen, "host:port this server listens on")
    workers: int = setting(2, _number(1, 64, int), "server processes")
    threads: int = setting(
        16,
        _number(1, 512, int),
        "threads per process, for pages; and as many for handlers that take their time",
    )
    jobs_in_server: bool = setting(
        True, _flag, "slow answers run in the server's processes; False: only in `python -m bot worker`"
    )
    job_threads: int = setting(64, _number(1, 1024, int), "slow answers at the same time, per process")
    stop_seconds: float = setting(
        8.0, _number(0, 600), "how long slow answers may go on after SIGTERM before others take them over"
    )
    store_url: str = setting(
        "sqlite:///var/bot.db", _store_url, "sqlite:///path on one machine, redis://host:6379/0 on several"
    )
    secret_key: str = setting(
        "",
        _matching(r".{32,}", "at least 32 characters"),
        'signs links and cookies; make one: python -c "import secrets; print(secrets.token_hex(32))"',
        required=True,
    )
    api_base: str = setting("https://api.weixin.qq.com", _url, "WeChat's API; another URL for the sandbox")
    open_base: str = setting("https://open.weixin.qq.com", _url, "WeChat's authorize pages")
    mp_base: str = setting(
        "https://mp.weixin.qq.com", _url, "WeChat's site, which may show our pages in a frame"
    )
    jssdk_src: str = setting(
        "https://res.wx.qq.com/open/js/jweixin-1.6.0.js", _url, "the JS-SDK script that pages load"
    )
    api_timeout: float = setting(8.0, _number(0.1, 60), "seconds to wait for an answer of WeChat's API")
    token_kind: str = setting(
        "stable", _one_of("stable", "classic"), "stable uses /cgi-bin/stable_token, classic /cgi-bin/token"
    )
    token_daily_budget: int = setting(
        200, _number(1, 2000, int), "token fetches a day before we stop ourselves; WeChat's limit is 2000"
    )
    freshness_seconds: int = setting(
        300, _number(30, 3600, int), "how far a delivery's timestamp may be from our clock"
    )
    replay_guard: bool = setting(
        False,
        _flag,
        "plain mode: refuse a timestamp and nonce seen before with another body, as long as the store works",
    )
    deadline_seconds: float = setting(
        4.5, _number(0.05, 4.9), "how long a delivery may wait for its answer; WeChat hangs up at about 4.96"
    )
    late_answers: str = setting(
        "auto",
        _one_of("auto", "push", "keep"),
        "answers too late for WeChat: push by customer-service message, keep for the next message, "
        "or auto (by ACCOUNT_KIND)",
    )
    text_limit_bytes: int = setting(
        2048, _number(100, 20480, int), "longest text reply in UTF-8 bytes; the rest is given on request"
    )
    session_days: int = setting(30, _number(1, 365, int), "how long a visitor's login lasts at most")
    session_idle_days: int = setting(
        7, _number(1, 365, int), "how long a visitor's login lasts without a visit"
    )
    recheck_minutes: int = setting(
        120,
        _number(0, 525600, int),
        "after so long without a visit, ask WeChat silently whether the phone has the same user; 0: never",
    )
    trusted_proxies: str = setting(
        "127.0.0.1, ::1",
        _list_of(ipaddress.ip_network, "IP addresses or networks"),
        "whose X-Forwarded-For is believed: IP addresses or networks of your own proxies, commas between",
    )
    rate_limit: int = setting(
        300, _number(1, 100000, int), "visits a minute and IP address that may cost a call to WeChat"
    )
    jssdk_hosts: str = setting(
        "", _list_of(_host, "hosts"), "hosts beside PUBLIC_URL's whose pages /jssdk signs, commas between"
    )
    jssdk_debug: bool = setting(
        False, _flag, "pages show which URL was signed, the page's own, and what differs"
    )
    login_way: str = setting(
        "scene",
        _one_of("scene", "website", "embedded", "off"),
        "login on the PC: scene (the account's own QR code), website (the Open Platform's page), embedded "
        "(its QR code within ours), off",
    )
    site_app_id: str = setting(
        "", _matching(r"wx[0-9a-f]{16}", "wx and 16 hex digits"), "AppID of the Open Platform's website app"
    )
    site_app_secret: str = setting("", _text, "AppSecret of the Open Platform's website app")
    wxlogin_src: str = setting(
        "https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js",
        _url,
        "the script of the embedded QR code",
    )
    wxlogin_style: str = setting(
        "black", _one_of("black", "white"), "embedded QR code: black (dark text) or white"
    )
    wxlogin_stylelite: bool = setting(
        False, _flag, "embedded QR code: WeChat's small new look, without our style sheet"
    )
    wxlogin_fast: bool = setting(True, _flag, "embedded QR code: offer the WeChat that runs on this PC")
    wxlogin_color_scheme: str = setting(
        "light", _one_of("light", "dark", "auto"), "embedded QR code: light, dark or auto"
    )
    wxlogin_self_redirect: bool = setting(
        False, _flag, "embedded QR code: come back in the frame first, for browsers that hold it"
    )
    phone_regions: str = setting(
        "CN",
        _list_of(_region, "countries of two capital letters"),
        "countries whose mobile numbers can be bound, the first one's without +86; CN, HK, ...",
    )
    sms_sender: str = setting(
        "none",
        _one_of("none", "tencent", "aliyun", "sandbox"),
        "who sends codes: tencent, aliyun (requirements-sms.txt), sandbox (its phone), none (nobody binds)",
    )
    sms_key_id: str = setting("", _text, "SMS: SecretId (Tencent Cloud) or AccessKey ID (Alibaba Cloud)")
    sms_key_secret: str = setting("", _text, "SMS: SecretKey or AccessKey secret")
    sms_app_id: str = setting("", _text, "SMS: SdkAppId, Tencent Cloud only")
    sms_sign: str = setting("", _text, "SMS: the approved signature")
    sms_template: str = setting(
        "", _text, "SMS: the approved template; its one variable is the code (Alibaba Cloud: named code)"
    )
    sms_region: str = setting("", _text, "SMS: region, Tencent Cloud only; ap-guangzhou if empty")
    sms_endpoint: str = setting("", _url, "SMS: another endpoint of the cloud, a URL; its usual one if empty")
    sms_per_day: int = setting(10, _number(1, 1000, int), "codes a day for one number, and for one person")
    sms_per_day_and_address: int = setting(
        10, _number(1, 100000, int), "codes a day for one IP address; an office shares one"
    )
    api_token: str = setting(
        "",
        _matching(r"[!-~]{16,}", "at least 16 characters"),
        "bearer token for /api/accounts/; without one it is off",
    )
    verify_dir: str = setting("static/verify", _text, "folder of MP_verify_*.txt files, served at the root")
    metrics_token: str = setting("", _text, "if set, /metrics asks for it as a bearer token")
    log_format: str = setting("text", _one_of("text", "json"), "one line per request, as text or as JSON")
    log_error_texts: bool = setting(
        False, _flag, "log what exceptions of handlers say; never with real users, whom it may quote"
    )

    @property
    def origin(self) -> str:
        """Scheme and host of PUBLIC_URL, as a browser's Origin header has it."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def can_push(self) -> bool:
        """Whether late answers go out as customer-service messages (protocol rights: verified accounts)."""
        if self.late_answers == "auto":
            return self.account_kind in ("subscription-verified", "service-verified", "test")
        return self.late_answers == "push"


_NAMES = {row.name.upper() for row in dataclasses.fields(Config)}


def load_config(path: str | None = None, env: Mapping[str, str] | None = None) -> Config:
    """Read settings from a Python file, then from `BOT_<NAME>` in the environment, which wins.

    `path` defaults to BOT_CONFIG, else `config.py` in the current folder if it is there.
    Raises ConfigError with every fault at once: unreadable file, unknown name, missing or bad value.
    """
    env = os.environ if env is None else env
    faults: list[str] = []
    raw = _read_file(path or env.get("BOT_CONFIG"), faults)
    if raw is None:
        raise ConfigError(faults)  # what it would have set is not missing
    faults += _misspelt(env)
    values: dict[str, Any] = {}
    missing: list[str] = []
    for row in dataclasses.fields(Config):
        name = row.name.upper()
        given = env.get(f"BOT_{name}", raw.get(name, row.default))
        try:
            values[row.name] = row.metadata["read"](given)
        except ValueError as fault:
            faults.append(f"{name} {fault}")
            continue
        if row.metadata["required"] and not values[row.name]:
            missing.append(name)
    if values.get("mode", "plain") != "plain" and values.get("encoding_aes_key") == "":
        missing.append("ENCODING_AES_KEY")
    if values.get("phone_regions") == "":
        missing.append("PHONE_REGIONS")
    if values.get("login_way") in ("website", "embedded"):
        missing += [name.upper() for name in ("site_app_id", "site_app_secret") if values.get(name) == ""]
    if values.get("sms_sender") in ("tencent", "aliyun"):
        needed = ["sms_key_id", "sms_key_secret", "sms_sign", "sms_template"]
        needed += ["sms_app_id"] if values["sms_sender"] == "tencent" else []
        missing += [name.upper() for name in needed if values.get(name) == ""]
    faults += [f"{name} is missing" for name in missing]
    if faults:
        raise ConfigError(faults)
    return Config(**values)


def _read_file(path: str | None, faults: list[str]) -> dict[str, Any] | None:
    """What the file sets, faults added; None where it cannot be read."""
    # Beside config.example.py, or where the command is given.
    file = Path(path or ("config.py" if Path("config.py").is_file() else ROOT / "config.py"))
    if not file.is_file():
        if path:
            faults.append(f"BOT_CONFIG names {path}, which is not there")
            return None
        return {}
    try:
        found = runpy.run_path(str(file))
    except (Exception, SystemExit) as error:  # whatever it is: its text may hold a secret, its type not
        module = f" of {error.name}" if isinstance(error, ImportError) and error.name else ""
        faults.append(f"{file} cannot be read: {type(error).__name__}{module}{_line(error, file)}")
        return None
    given = {name: value for name, value in found.items() if name.isupper() and not name.startswith("_")}
    for name in sorted(set(given) - _NAMES):
        near = difflib.get_close_matches(name, _NAMES, n=1)
        faults.append(f"{name} in {file} is no setting" + (f"; did you mean {near[0]}?" if near else ""))
    return given


def _line(error: BaseException, file: Path) -> str:
    """`, line 3`: the last one of `file` that was run, or the one that could not be read; or nothing."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f", line {error.lineno}"
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(file)
    ]
    return f", line {lines[-1]}" if lines else ""


def _misspelt(env: Mapping[str, str]) -> list[str]:
    """Variables that are nearly ours. Others that begin with BOT_ may be another program's."""
    faults = []
    for variable in sorted(env):
        name = variable.removeprefix("BOT_")
        if variable.startswith("BOT_") and name not in _NAMES | {"CONFIG"}:
            for near in difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.85):
                faults.append(f"{variable} in the environment is no setting; did you mean BOT_{near}?")
    return faults


def example() -> str:
    """The text of `config.example.py`, made from the table."""
    lines = [
        '"""Every setting. Copy this file to config.py and fill in the required ones.',
        "",
        "Each can also come from the environment as BOT_<NAME>, which wins over this file.",
        '"""',
        "",
    ]
    for row in dataclasses.fields(Config):
        need = "required: " if row.metadata["required"] else ""
        lines.append(f"# {need}{row.metadata['help']}")
        default = f'"{row.default}"' if isinstance(row.default, str) else repr(row.default)
        lines.append(f"{row.name.upper()} = {default}")
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"
