"""The account's message templates, its industries, and the ids of sent messages (protocol §8.2, rule 35)."""

import re
import secrets
from dataclasses import dataclass

from wechat_sandbox.clock import Clock
from wechat_sandbox.errors import WeChatError

MAX_TEMPLATES = 25
SAME_MESSAGE_SECONDS = 600
INDUSTRY_CHANGE_SECONDS = 30 * 86400
_PLACE = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")


@dataclass(frozen=True)
class Template:
    template_id: str
    title: str
    content: str
    example: str = ""

    @property
    def keys(self) -> list[str]:
        return _PLACE.findall(self.content)

    def fill(self, values: dict[str, str]) -> str:
        """Return the text with `values` in its places. A place without a value stays blank."""
        return _PLACE.sub(lambda place: values.get(place[1], ""), self.content).strip()


class Templates:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Template] = {}
        self._sent: dict[tuple[str, str], tuple[float, int]] = {}
        self._industries_at: float | None = None
        self.industries: tuple[int, int] | None = None
        self._last_msgid = 200_000_000

    def all(self) -> list[Template]:
        return list(self._by_id.values())

    def add(self, title: str, content: str, example: str = "") -> Template:
        """Add a template. Raises WeChatError 45026 above `MAX_TEMPLATES`."""
        if len(self._by_id) >= MAX_TEMPLATES:
            raise WeChatError(45026)
        template = Template(secrets.token_urlsafe(32), title, content, example)
        self._by_id[template.template_id] = template
        return template

    def get(self, template_id: object) -> Template:
        """Return the template. Raises WeChatError 40037 if there is none with this id."""
        template = self._by_id.get(template_id) if isinstance(template_id, str) else None
        if template is None:
            raise WeChatError(40037)
        return template

    def delete(self, template_id: object) -> None:
        """Delete the template. Raises WeChatError 40037 if there is none with this id."""
        del self._by_id[self.get(template_id).template_id]

    def set_industries(self, first: int, second: int) -> None:
        """Set the account's two industries. Raises WeChatError 43100 within 30 days of the last change."""
        now = self._clock.now()
        if self._industries_at is not None and now - self._industries_at < INDUSTRY_CHANGE_SECONDS:
            raise WeChatError(43100)
        self._industries_at, self.industries = now, (first, second)

    def new_msgid(self) -> int:
        self._last_msgid += 1
        return self._last_msgid

    def sent_before(self, openid: str, client_msg_id: str) -> int | None:
        """Return the msgid of a message that was sent to this user with this `client_msg_id`.

        Return None if there was none in the last ten minutes.
        """
        at, msgid = self._sent.get((openid, client_msg_id), (0.0, 0))
        return msgid if self._clock.now() - at < SAME_MESSAGE_SECONDS else None

    def remember(self, openid: str, client_msg_id: str, msgid: int) -> None:
        """Store the msgid of a sent message for `sent_before`. Removes those older than ten minutes."""
        now = self._clock.now()
        self._sent = {key: sent for key, sent in self._sent.items() if now - sent[0] < SAME_MESSAGE_SECONDS}
        self._sent[openid, client_msg_id] = (now, msgid)
