"""Templates of subscription notices, and the grants that users have given (protocol §8.3 and §8.4)."""

import secrets
from dataclasses import dataclass

from wechat_sandbox.errors import WeChatError


@dataclass(frozen=True)
class Keyword:
    """One keyword of a template. `name` is its label; `rule` is the kind of value that it accepts."""

    kid: int
    name: str
    rule: str
    example: str

    @property
    def key(self) -> str:
        """Return the name of the value in a call: the rule and the keyword's number, such as `thing1`."""
        return f"{self.rule}{self.kid}"


@dataclass(frozen=True)
class PublicTemplate:
    """A template in the library that accounts choose from.

    WeChat's library is large and uses the same ids for other templates.
    """

    tid: int
    title: str
    category: int
    keywords: tuple[Keyword, ...]


CATEGORIES = {616: "公交", 307: "服装/鞋/箱包"}
LIBRARY = (
    PublicTemplate(
        99,
        "预约成功通知",
        616,
        (
            Keyword(1, "预约项目", "thing", "健身课程"),
            Keyword(2, "预约时间", "time", "2024年1月1日 12:00"),
            Keyword(3, "预约人", "name", "张三"),
            Keyword(4, "备注", "thing", "请准时到场"),
        ),
    ),
    PublicTemplate(
        100,
        "订单发货通知",
        307,
        (
            Keyword(1, "订单号", "character_string", "202401010001"),
            Keyword(2, "订单金额", "amount", "￥9.90"),
            Keyword(3, "联系电话", "phone_number", "0571-12345678"),
            Keyword(4, "发货日期", "date", "2024年1月1日"),
            Keyword(5, "状态", "phrase", "已发货"),
        ),
    ),
)


@dataclass(frozen=True)
class NoticeTemplate:
    template_id: str
    title: str
    keywords: tuple[Keyword, ...]

    @property
    def content(self) -> str:
        return "".join(f"{word.name}:{{{{{word.key}.DATA}}}}\n" for word in self.keywords)

    @property
    def example(self) -> str:
        return "".join(f"{word.name}:{word.example}\n" for word in self.keywords)


class Notices:
    """The account's notice templates and the users' grants. One grant allows one message.

    `one_time_id` is the template id of one-time subscriptions. Their grants belong to a scene; a second
    grant for the same scene adds nothing.
    """

    def __init__(self) -> None:
        self.one_time_id = secrets.token_urlsafe(32)
        self._templates: dict[str, NoticeTemplate] = {}
        self._grants: dict[tuple[str, str], int] = {}
        self._one_time: set[tuple[str, int]] = set()

    def all(self) -> list[NoticeTemplate]:
        return list(self._templates.values())

    def add(self, public: PublicTemplate, keywords: tuple[Keyword, ...]) -> NoticeTemplate:
        template = NoticeTemplate(secrets.token_urlsafe(32), public.title, keywords)
        self._templates[template.template_id] = template
        return template

    def get(self, template_id: object) -> NoticeTemplate:
        """Return the template. Raises WeChatError 40037 if there is none with this id."""
        template = self._templates.get(template_id) if isinstance(template_id, str) else None
        if template is None:
            raise WeChatError(40037)
        return template

    def delete(self, template_id: object) -> None:
        """Delete the template. Raises WeChatError 40037 if there is none with this id."""
        del self._templates[self.get(template_id).template_id]

    def grant(self, openid: str, template_id: str) -> None:
        """Allow one more message of this template to the user."""
        key = (openid, template_id)
        self._grants[key] = self._grants.get(key, 0) + 1

    def revoke(self, openid: str, template_id: str) -> None:
        """Delete all grants of the user for this template."""
        self._grants.pop((openid, template_id), None)

    def use(self, openid: str, template_id: str) -> None:
        """Use up one grant. Raises WeChatError 43101 if none is left."""
        left = self._grants.get((openid, template_id), 0)
        if not left:
            raise WeChatError(43101)
        self._grants[openid, template_id] = left - 1

    def grant_one_time(self, openid: str, scene: int) -> None:
        self._one_time.add((openid, scene))

    def use_one_time(self, openid: str, scene: int) -> None:
        """Use up the grant for `scene`. Raises WeChatError 43101 if there is none."""
        if (openid, scene) not in self._one_time:
            raise WeChatError(43101)
        self._one_time.remove((openid, scene))
