"""The account, as handlers use it: WeChat's API, the people, uploaded pictures, and URLs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config import Config
from bot.people import People, open_people
from bot.store import Clock, Store
from bot.store.limits import Limits
from bot.wechat.answers import text_of
from bot.wechat.client import Client
from bot.wechat.endpoints import Endpoints
from bot.wechat.http import Http
from bot.wechat.tokens import SharedValue, access_tokens

_MEDIA_SECONDS = 2.5 * 86400  # less than the three days for which WeChat keeps temporary media


class Account:
    """The account. `client` is WeChat's API (bot.wechat.client), `people` its people (bot.people). `static`
    are the folders of static files; the first that has a file wins."""

    def __init__(
        self, config: Config, store: Store, client: Client, people: People, static: Sequence[Path]
    ) -> None:
        self.client = client
        self.people = people
        self.can_push = config.can_push  # True if the account may send customer-service messages
        self.text_limit = config.text_limit_bytes  # the most UTF-8 bytes of one message
        self._config = config
        self._store = store
        self._static = static

    def static_file(self, name: str) -> Path:
        """Return the path of a file under `static/`. Raises FileNotFoundError."""
        for folder in self._static:
            if (folder / name).is_file():
                return folder / name
        raise FileNotFoundError(f"there is no {name} in {' or '.join(map(str, self._static))}")

    def media_id(self, file: str) -> str:
        """Return the media id of a picture under `static/`. Upload it if needed.

        The id is kept in the store for 2.5 days, for all processes. A changed file is uploaded again. Raises
        WeChatError (48001: the account has no right to upload), StoreError and OSError.
        """
        data = self.static_file(file).read_bytes()
        digest = hashlib.sha256(data).hexdigest()[:32]
        key = f"media:{digest}"
        known = self._store.get(key)
        if known:
            return known.decode()
        answer = self.client.media.upload("image", (Path(file).name, data))
        media_id = text_of(answer, "media_id", "/cgi-bin/media/upload")
        self._store.put(key, media_id.encode(), _MEDIA_SECONDS)
        return media_id

    def scene_url(self, scene: str, seconds: float) -> str:
        """Return the text of a QR code that opens the account's chat. It works for `seconds`.

        When a user scans it, WeChat sends an event with `scene`. Raises WeChatError (48001: the account has
        no right to scene QR codes).
        """
        answer = self.client.post(
            "qrcode/create",
            data={
                "expire_seconds": int(seconds),
                "action_name": "QR_STR_SCENE",
                "action_info": {"scene": {"scene_str": scene}},
            },
        )
        return text_of(answer, "url", "/cgi-bin/qrcode/create")

    def page_url(self, path: str) -> str:
        """Return the public URL of a page of this site. `path` begins with a slash."""
        return self._config.public_url + path

    def static_url(self, file: str) -> str:
        """Return the public URL of a file in `static/`."""
        return f"{self._config.public_url}/static/{file}"


@dataclass(frozen=True)
class Base:
    """The parts that both messages and visits need: the settings, the store, and WeChat's API."""

    config: Config
    clock: Clock
    store: Store
    http: Http
    tokens: SharedValue
    client: Client
    limits: Limits
    account: Account

    def close(self) -> None:
        """Close all connections."""
        for part in (self.http, self.client, self.store):
            part.close()


def build_base(config: Config, clock: Clock, store: Store, static: Sequence[Path]) -> Base:
    """Build the Base on an open store. `static` are the folders of static files. Raises SmsError if the
    SDK of SMS_SENDER is not installed."""
    http = Http(config.api_timeout)
    tokens = access_tokens(config, store, http, clock)
    at_once = config.threads + config.handler_threads + config.job_threads  # the most threads that call it
    endpoints = Endpoints.of(config)
    client = Client(endpoints, config.app_id, config.app_secret, tokens, config.api_timeout, at_once)
    limits = Limits(store)
    account = Account(config, store, client, open_people(config, store, limits, clock), static)
    return Base(config, clock, store, http, tokens, client, limits, account)
