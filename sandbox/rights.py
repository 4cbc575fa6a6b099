"""Which account kind may do what (protocol §10), as one table."""

from enum import StrEnum

from sandbox.errors import WeChatError


class Kind(StrEnum):
    SUBSCRIPTION = "subscription"
    SUBSCRIPTION_VERIFIED = "subscription-verified"
    SERVICE = "service"
    SERVICE_VERIFIED = "service-verified"
    TEST = "test"


class Right(StrEnum):
    MENU = "custom menu"
    CUSTOM_MESSAGE = "custom messages"
    MSGMENU = "msgmenu"
    OAUTH = "OAuth"
    SCENE_QRCODE = "scene QR code"
    USERS = "user info"
    LOCATION_REPORTS = "LOCATION reports"
    MEDIA = "media"


_VERIFIED_OR_TEST = frozenset({Kind.SUBSCRIPTION_VERIFIED, Kind.SERVICE_VERIFIED, Kind.TEST})
_SERVICE_OR_TEST = frozenset({Kind.SERVICE_VERIFIED, Kind.TEST})

# Push, passive replies, tokens and the basic JS-SDK belong to every kind and so are not listed.
_HOLDERS: dict[Right, frozenset[Kind]] = {
    Right.MENU: _VERIFIED_OR_TEST | {Kind.SERVICE},
    Right.CUSTOM_MESSAGE: _VERIFIED_OR_TEST,
    Right.MSGMENU: frozenset({Kind.SERVICE_VERIFIED}),
    Right.OAUTH: _SERVICE_OR_TEST,
    Right.SCENE_QRCODE: _SERVICE_OR_TEST,
    Right.USERS: _VERIFIED_OR_TEST,
    Right.LOCATION_REPORTS: _SERVICE_OR_TEST,
    Right.MEDIA: _VERIFIED_OR_TEST,
}


def has(kind: Kind, right: Right) -> bool:
    return kind in _HOLDERS[right]


def demand(kind: Kind, right: Right) -> None:
    """Raises what WeChat answers when the right is missing: 40200 for msgmenu, 48001 for the rest."""
    if not has(kind, right):
        raise WeChatError(40200 if right is Right.MSGMENU else 48001)
