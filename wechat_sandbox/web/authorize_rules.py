"""Decide the result of an authorize link when a user opens it (protocol §6.1, rules 25 to 28), without
HTTP."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wechat_sandbox.behaviour import Consent
from wechat_sandbox.push.request import with_query
from wechat_sandbox.rights import Kind, Right, has
from wechat_sandbox.web.domains import covers
from wechat_sandbox.web.words import Words
from wechat_sandbox.world.oauth import ConsentRequest, Grant
from wechat_sandbox.world.users import User, identifier
from wechat_sandbox.world.world import World

SCOPES = ("snsapi_base", "snsapi_userinfo")
MAX_STATE = 128
_NO_SCOPE = Words(
    "该公众号没有这些 scope 的权限，请检查公众号类型与 scope 参数",
    "This account has no right to that scope: look at its kind and at the scope parameter",
)
_BAD_STATE = Words(
    f"state 参数只能是不超过 {MAX_STATE} 字节的字母和数字",
    f"state may have letters and digits only, at most {MAX_STATE}",
)
_URL_PUNCTUATION = "%/:=&?#[]@!$'()*+,;~"


@dataclass(frozen=True)
class Redirect:
    """Go to `url`. With `snapshot` the page gets a virtual identity, and the phone must show this."""

    url: str
    snapshot: bool = False


@dataclass(frozen=True)
class PageError:
    """Show an error page. `code` is the number that WeChat's page shows (protocol §4.5)."""

    code: int
    message: Words


@dataclass(frozen=True)
class Ask:
    """Show the consent page, which has a one-time id."""

    request_id: str


def open_link(
    world: World, user: User, query: Mapping[str, str], asks: bool = False
) -> Redirect | PageError | Ask:
    """Open an authorize link as `user` and return the result.

    With `asks`, a snsapi_userinfo link always shows the consent page, as with `forcePopup=true`.
    """
    error = _error(world, user, query)
    if error is not None:
        return error
    redirect_uri, state = query["redirect_uri"], query.get("state", "")
    if query["scope"] == "snsapi_base":
        return _redirect(world, _grant(world, user, "snsapi_base"), redirect_uri, state)
    if not asks and query.get("forcePopup") != "true":
        if _silent(world, user):
            return _redirect(world, _grant(world, user, "snsapi_userinfo"), redirect_uri, state)
        if query.get("forceSnapShot") == "true" or world.behaviour.snapshots:
            return _redirect(world, snapshot(world, user), redirect_uri, state)
    return Ask(world.oauth.ask(ConsentRequest(user.openid, redirect_uri, state)))


def allow(world: World, user: User, request: ConsentRequest) -> Redirect:
    """Record that the user agreed, and return to the site. For `RECENT_CONSENT` seconds such links then open
    without the consent page."""
    world.oauth.consented(user.openid)
    return _redirect(world, _grant(world, user, "snsapi_userinfo"), request.redirect_uri, request.state)


def refuse(world: World, user: User) -> None:
    """Record that the user refused. The site gets no request (rule 27)."""
    world.oauth.refused(user.openid)


def snapshot(world: World, user: User) -> Grant:
    """Return the virtual identity that a snapshot page gets (rule 31)."""
    return Grant(
        app_id=world.account.app_id,
        openid="o" + identifier(27, "snapshot", user.openid),
        unionid="o" + identifier(27, "snapshot", user.unionid),
        nickname="微信用户",
        avatar=f"{world.base_url}/mmopen/snapshot/132",
        scope="snsapi_userinfo",
        snapshot=True,
    )


def _error(world: World, user: User, query: Mapping[str, str]) -> PageError | None:
    account = world.account
    redirect_uri, scope = query.get("redirect_uri", ""), query.get("scope", "")
    if not query.get("appid"):
        return PageError(10012, Words("appid 参数为空", "appid is missing"))
    if query["appid"] != account.app_id:
        return PageError(10012, _other_app(account.app_id))
    if not redirect_uri:
        return PageError(10011, Words("redirect_uri 参数为空", "redirect_uri is missing"))
    if not scope:
        return PageError(10010, Words("scope 参数为空", "scope is missing"))
    if scope not in SCOPES or not has(account.kind, Right.OAUTH):
        return PageError(10005, _NO_SCOPE)
    if not covers(world.account.web_domains, redirect_uri, subdomains=False):
        return PageError(10003, _other_domain(redirect_uri, account.web_domains))
    if query.get("response_type") != "code":
        return PageError(10003, Words("response_type 参数必须为 code", "response_type must be code"))
    if not world.behaviour.lenient_state and not _state_ok(query.get("state", "")):
        return PageError(10013, _BAD_STATE)
    if account.kind is Kind.TEST and not user.subscribed:
        return PageError(10006, Words("请先关注该测试号", "Follow this test account first"))
    return None


def _other_app(app_id: str) -> Words:
    return Words(f"appid 不是本公众号的 {app_id}", f"appid is not this account's {app_id}")


def _other_domain(redirect_uri: str, domains: Iterable[str]) -> Words:
    return Words(
        f"redirect_uri 域名与后台配置不一致：{redirect_uri}（已配置：{'、'.join(domains)}）",
        f"redirect_uri is not under a configured domain: {redirect_uri} (configured: {', '.join(domains)})",
    )


def _state_ok(state: str) -> bool:
    return re.fullmatch(rf"[A-Za-z0-9]{{0,{MAX_STATE}}}", state) is not None


def _silent(world: World, user: User) -> bool:
    if world.oauth.consented_recently(user.openid):
        return True
    return user.subscribed and world.behaviour.consent is Consent.SILENT_FOR_FOLLOWERS


def _grant(world: World, user: User, scope: str) -> Grant:
    app_id = world.account.app_id
    return Grant(app_id, user.openid, user.unionid, user.nickname, user.avatar, scope)


def _redirect(world: World, grant: Grant, redirect_uri: str, state: str) -> Redirect:
    return Redirect(with_code(redirect_uri, world.oauth.issue(grant), state), grant.snapshot)


def with_code(redirect_uri: str, code: str, state: str) -> str:
    """Return `redirect_uri` with code and state added to its query, before the fragment (rule 28)."""
    # A header must be ASCII, so quote other characters. Leave existing percent-encoding as it is.
    address, mark, fragment = quote(redirect_uri, safe=_URL_PUNCTUATION).partition("#")
    return with_query(address, {"code": code, "state": state}) + mark + fragment
