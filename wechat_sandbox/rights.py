"""The table of rights of each account kind (protocol §10)."""

from enum import StrEnum

from wechat_sandbox.errors import WeChatError


class Kind(StrEnum):
    SUBSCRIPTION = "subscription"
    SUBSCRIPTION_VERIFIED = "subscription-verified"
    SERVICE = "service"
    SERVICE_VERIFIED = "service-verified"
    TEST = "test"


class Right(StrEnum):
    MENU = "custom menu"
    CONDITIONAL_MENU = "conditional menu"
    CUSTOM_MESSAGE = "custom messages"
    AGENTS = "customer-service agents"
    MSGMENU = "msgmenu"
    TEMPLATE = "template messages"
    NOTICE = "subscription notices"
    OAUTH = "OAuth"
    JSSDK_SHARE = "JS-SDK share"
    JSSDK_CARD = "JS-SDK card"
    JSSDK_PAY = "JS-SDK pay"
    SCENE_QRCODE = "scene QR code"
    SHORTEN = "shorten"
    USERS = "users, remarks, tags, blacklist"
    LOCATION_REPORTS = "LOCATION reports"
    MEDIA = "media and material"


_VERIFIED = frozenset({Kind.SUBSCRIPTION_VERIFIED, Kind.SERVICE_VERIFIED})
_VERIFIED_OR_TEST = _VERIFIED | {Kind.TEST}
_SERVICE = frozenset({Kind.SERVICE_VERIFIED})
_SERVICE_OR_TEST = _SERVICE | {Kind.TEST}

# Every kind has pushes, passive replies, tokens and the basic JS-SDK, so they are not in this table.
_HOLDERS: dict[Right, frozenset[Kind]] = {
    Right.MENU: _VERIFIED_OR_TEST | {Kind.SERVICE},
    Right.CONDITIONAL_MENU: _VERIFIED_OR_TEST,
    Right.CUSTOM_MESSAGE: _VERIFIED_OR_TEST,
    Right.AGENTS: _VERIFIED,
    Right.MSGMENU: _SERVICE,
    Right.TEMPLATE: _SERVICE_OR_TEST,
    Right.NOTICE: _VERIFIED,
    Right.OAUTH: _SERVICE_OR_TEST,
    Right.JSSDK_SHARE: _VERIFIED_OR_TEST,
    # A verified subscription account may apply for cards. The sandbox assumes that it has not applied.
    Right.JSSDK_CARD: _SERVICE,
    Right.JSSDK_PAY: _SERVICE,
    Right.SCENE_QRCODE: _SERVICE_OR_TEST,
    Right.SHORTEN: _SERVICE_OR_TEST,
    Right.USERS: _VERIFIED_OR_TEST,
    Right.LOCATION_REPORTS: _SERVICE_OR_TEST,
    Right.MEDIA: _VERIFIED_OR_TEST,
}

# JS-SDK function -> the right that a page needs (protocol §7.4). All other functions need none.
_JSSDK: dict[str, Right] = {
    "updateAppMessageShareData": Right.JSSDK_SHARE,
    "updateTimelineShareData": Right.JSSDK_SHARE,
    "onMenuShareTimeline": Right.JSSDK_SHARE,
    "onMenuShareAppMessage": Right.JSSDK_SHARE,
    "onMenuShareQQ": Right.JSSDK_SHARE,
    "onMenuShareWeibo": Right.JSSDK_SHARE,
    "onMenuShareQZone": Right.JSSDK_SHARE,
    "addCard": Right.JSSDK_CARD,
    "chooseCard": Right.JSSDK_CARD,
    "openCard": Right.JSSDK_CARD,
    "openProductSpecificView": Right.JSSDK_CARD,
    "chooseWXPay": Right.JSSDK_PAY,
}


def has(kind: Kind, right: Right) -> bool:
    """Return True if accounts of this kind have the right."""
    return kind in _HOLDERS[right]


def demand(kind: Kind, right: Right) -> None:
    """Raise WeChat's error if the right is missing: 40200 for msgmenu, 48001 for all others."""
    if not has(kind, right):
        raise WeChatError(40200 if right is Right.MSGMENU else 48001)


def may_call(kind: Kind, js_api: str) -> bool:
    """Return True if the account's pages may call this function of the JS-SDK."""
    right = _JSSDK.get(js_api)
    return right is None or has(kind, right)
