"""The typed events that WeChat sends on its own: results of jobs, subscriptions, privacy, guides, cards.

wechatpy 1.8.18 lacks most of them. A list is always a list, however many elements WeChat sends. This module
must not act on an event. Sources: docs/protocol.md §2.3 to §2.6.
"""

from typing import Any, NamedTuple

from wechatpy import events

from bot.chat.wire.elements import (
    IntegerElement,
    TextElement,
    as_integer,
    as_list,
    as_text,
    records,
    tolerant,
)


@tolerant
class _Event(events.BaseEvent):
    pass


class SubscriptionChoice(NamedTuple):
    """What a user chose for one template of subscription notices. `status` is `accept` or `reject`.
    `scene`: 0 a page, 2 an article; empty if WeChat does not say."""

    template_id: str
    status: str
    scene: str


class SubscriptionResult(NamedTuple):
    """How the sending of one subscription notice ended. `error_code` 0 is success."""

    template_id: str
    msg_id: str
    error_code: int
    error_status: str


class SentArticle(NamedTuple):
    """An article of a mass send or of a publication. `number` counts from 1."""

    number: int
    url: str


class OriginalityResult(NamedTuple):
    """The check of one article of a mass send against articles of other accounts."""

    number: int
    declared: int
    audit: int
    original_url: str
    original_type: int
    can_reprint: bool
    needs_replacing: bool
    needs_source: bool


class _Subscription(_Event):
    _container = ""

    def _listed(self) -> list[dict[str, Any]]:
        return records(self._data.get(self._container), "List")

    @property
    def choices(self) -> list[SubscriptionChoice]:
        """Return what the user chose for each template."""
        return [
            SubscriptionChoice(
                as_text(one.get("TemplateId")),
                as_text(one.get("SubscribeStatusString")),
                as_text(one.get("PopupScene")),
            )
            for one in self._listed()
        ]


class SubscribeMsgPopup(_Subscription):
    """A user chose in the pop-up of subscription notices."""

    event = "subscribe_msg_popup_event"
    _container = "SubscribeMsgPopupEvent"


class SubscribeMsgChange(_Subscription):
    """A user changed a choice in the settings of subscription notices."""

    event = "subscribe_msg_change_event"
    _container = "SubscribeMsgChangeEvent"


class SubscribeMsgSent(_Event):
    """A subscription notice was sent, or could not be sent."""

    event = "subscribe_msg_sent_event"

    @property
    def results(self) -> list[SubscriptionResult]:
        """Return the result for each notice."""
        return [
            SubscriptionResult(
                as_text(one.get("TemplateId")),
                as_text(one.get("MsgID")),
                as_integer(one.get("ErrorCode")),
                as_text(one.get("ErrorStatus")),
            )
            for one in records(self._data.get("SubscribeMsgSentEvent"), "List")
        ]


class PublishJobFinish(_Event):
    """A publication ended. `status`: 0 done, 1 in progress, 2 to 6 failed."""

    event = "publishjobfinish"
    publish_id = TextElement("publish_id", inside="PublishEventInfo")
    status = IntegerElement("publish_status", inside="PublishEventInfo")
    article_id = TextElement("article_id", inside="PublishEventInfo")

    @property
    def articles(self) -> list[SentArticle]:
        """Return the published articles."""
        items = records(self._data.get("PublishEventInfo"), "article_detail", "item")
        return [SentArticle(as_integer(one.get("idx")), as_text(one.get("article_url"))) for one in items]

    @property
    def failed(self) -> list[int]:
        """Return the numbers of the articles that failed, counted from 1."""
        infos = records(self._data.get("PublishEventInfo"))
        return [
            number for info in infos for one in as_list(info.get("fail_idx")) if (number := as_integer(one))
        ]


@tolerant
class MassSendJobFinish(events.MassSendJobFinishEvent):
    """A mass send ended. Adds the articles, and the check of their originality: 1 no reprint, 2 a reprint
    that may be sent, 3 a reprint that may not."""

    check_state = IntegerElement("CheckState", inside="CopyrightCheckResult")

    @property
    def articles(self) -> list[SentArticle]:
        """Return the articles that were sent."""
        items = records(self._data.get("ArticleUrlResult"), "ResultList", "item")
        return [
            SentArticle(as_integer(one.get("ArticleIdx")), as_text(one.get("ArticleUrl"))) for one in items
        ]

    @property
    def originality(self) -> list[OriginalityResult]:
        """Return the check of each article."""
        return [
            OriginalityResult(
                as_integer(one.get("ArticleIdx")),
                as_integer(one.get("UserDeclareState")),
                as_integer(one.get("AuditState")),
                as_text(one.get("OriginalArticleUrl")),
                as_integer(one.get("OriginalArticleType")),
                as_integer(one.get("CanReprint")) == 1,
                as_integer(one.get("NeedReplaceContent")) == 1,
                as_integer(one.get("NeedShowReprintSource")) == 1,
            )
            for one in records(self._data.get("CopyrightCheckResult"), "ResultList", "item")
        ]


@tolerant
class KfCloseSession(events.KfCloseSessionEvent):
    """A session with human customer service ended. Adds how it ended."""

    close_type = TextElement("CloseType")


class _Privacy(_Event):
    # FromUserName is not the person: `openid` is.
    openid = TextElement("OpenID")
    app_id = TextElement("AppID")
    revoke_info = TextElement("RevokeInfo")
    union_id = TextElement("UnionID")


class UserInfoModified(_Privacy):
    """The person `openid` changed the nickname or the avatar."""

    event = "user_info_modified"


class UserAuthorizationRevoke(_Privacy):
    """The person `openid` took back a right. The bot deletes what it stores about this person."""

    event = "user_authorization_revoke"


class UserAuthorizationCancellation(_Privacy):
    """The person `openid` closed the WeChat account. The bot deletes what it stores about this person."""

    event = "user_authorization_cancellation"


class GuideQrcodeScan(_Event):
    """A user scanned the QR code of a shopping guide."""

    event = "guide_qrcode_scan_event"
    guide_account = TextElement("qrcode_guide_account", inside="GuideScanEvent")
    guide_openid = TextElement("qrcode_guide_openid", inside="GuideScanEvent")
    openid = TextElement("openid", inside="GuideScanEvent")
    action = IntegerElement("action", inside="GuideScanEvent")
    qrcode_info = TextElement("qrcode_info", inside="GuideScanEvent")


class GuideInviteResult(_Event):
    """A shopping guide accepted or refused an invitation. No document lists the elements."""

    event = "guide_invite_result_event"


class AddGuideBuyerRelation(_Event):
    """A customer was given to a shopping guide. No document lists the elements."""

    event = "add_guide_buyer_relation_event"


class _GiftCard(_Event):
    page_id = TextElement("PageId")
    order_id = TextElement("OrderId")
    is_chat_room = IntegerElement("IsChatRoom")
    is_return_back = IntegerElement("IsReturnBack")


class GiftCardPayDone(_GiftCard):
    """A user paid for a gift card."""

    event = "giftcard_pay_done"


class GiftCardSendToFriend(_GiftCard):
    """A user gave a gift card to a friend or a group."""

    event = "giftcard_send_to_friend"


class GiftCardUserAccept(_GiftCard):
    """A user accepted a gift card."""

    event = "giftcard_user_accept"


class CardMerchantCheckResult(_Event):
    """A sub-merchant of cards passed or failed the check."""

    event = "card_merchant_check_result"
    merchant_id = TextElement("MerchantId")
    is_pass = IntegerElement("IsPass")
    reason = TextElement("Reason")


class CloudInvoiceResult(_Event):
    """An electronic invoice was made, or could not be made."""

    event = "cloud_invoice_invoiceresult_event"
    request_number = TextElement("fpqqlsh")
    status = IntegerElement("status")
    seller_tax_number = TextElement("nsrsbh")


class DebugDemo(_Event):
    """The test event of WeChat's console."""

    event = "debug_demo"
    debug_str = TextElement("debug_str")


_CLASSES: tuple[Any, ...] = (
    SubscribeMsgPopup,
    SubscribeMsgChange,
    SubscribeMsgSent,
    PublishJobFinish,
    MassSendJobFinish,
    KfCloseSession,
    UserInfoModified,
    UserAuthorizationRevoke,
    UserAuthorizationCancellation,
    GuideQrcodeScan,
    GuideInviteResult,
    AddGuideBuyerRelation,
    GiftCardPayDone,
    GiftCardSendToFriend,
    GiftCardUserAccept,
    CardMerchantCheckResult,
    CloudInvoiceResult,
    DebugDemo,
)
NOTICES: dict[str, Any] = {notice.event: notice for notice in _CLASSES}
# After these events everything about the person in `OpenID` must be deleted.
FORGETTING = frozenset({UserAuthorizationRevoke.event, UserAuthorizationCancellation.event})
