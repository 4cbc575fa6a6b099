"""Write docs/events.md from the typed classes: `python -m tests.chat.wire.events_page > docs/events.md`."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

from bot.chat.wire.elements import elements_of
from bot.chat.wire.messages import ALL_EVENTS, EXPECTED, EXPECTED_OF_EVENTS, MESSAGES, Unknown

HEAD = """# Messages and events, and their attributes

<!-- Made from the code: .venv/bin/python -m tests.chat.wire.events_page > docs/events.md -->

Look up here what `chat.message` has in a handler. Choose the route with `on.message("image", h)` or
`on.event("LOCATION", h)`; letter case does not matter for events ([handlers.md](handlers.md#choose-a-route)).
[protocol.md](protocol.md#2-inbound-payloads) has the XML of each.

- **Reading an attribute never raises.** If WeChat left the element out, or sent something else, the attribute
  is empty: `""`, 0, 0.0, `[]`, `{}`, or None for a time. The log names a missing element that has a \\*.
- **A list is always a list**, also if WeChat sends one element or none.
- **`chat.fields` has everything** that WeChat sent, by WeChat's names, as a copy. Use it for an event that
  this page does not list.

Every message and event has these attributes:

| attribute | element | kind |
|---|---|---|
"""
COMMON = ("id", "source", "target", "create_time", "time")
# What wechatpy's classes mean; our own say it themselves.
MEANINGS = {
    "image": "A picture. `image` is its address, which stays valid; `media_id` lives for 3 days.",
    "link": "A link that the user forwarded.",
    "miniprogrampage": "A card of a mini program. Only mini programs get it.",
    "shortvideo": "A short video.",
    "video": "A video.",
    "annual_renew": "The yearly verification of the account is due.",
    "card_not_pass_check": "WeChat refused a card.",
    "card_pass_check": "WeChat accepted a card.",
    "card_pay_order": "The points that pay for cards changed.",
    "card_sku_remind": "The stock of a card is low.",
    "click": "A tap on a click button of the menu.",
    "device_bind": "A user bound a device.",
    "device_subscribe_status": "A user wants the state of a device.",
    "device_text": "A device sent a text.",
    "device_unbind": "A user unbound a device.",
    "device_unsubscribe_status": "A user no longer wants the state of a device.",
    "kf_create_session": "A session with human customer service began.",
    "kf_switch_session": "A session went to another person of customer service.",
    "location": "The position of a user who opened the chat.",
    "merchant_order": "An order in a shop of WeChat.",
    "naming_verify_fail": "The check of the account's name failed.",
    "naming_verify_success": "The check of the account's name passed.",
    "poi_check_notify": "The check of a shop's place ended.",
    "qualification_verify_fail": "The check of the account's papers failed.",
    "qualification_verify_success": "The check of the account's papers passed.",
    "scan": "A follower scanned a QR code with a scene.",
    "submit_invoice_title": "A user sent the title for an invoice.",
    "submit_membercard_user_info": "A user activated a member card.",
    "subscribe": "A user followed the account.",
    "templatesendjobfinish": "A template message was sent, or could not be sent.",
    "unsubscribe": "A user left. The bot deletes what it stores about this user.",
    "update_invoice_status": "The state of an invoice changed.",
    "update_member_card": "A member card changed.",
    "user_authorize_invoice": "A user allowed an invoice.",
    "user_consume_card": "A user used a card.",
    "user_del_card": "A user deleted a card.",
    "user_enter_session_from_card": "A user opened the chat from a card.",
    "user_enter_tempsession": "A user opened customer service. Only mini programs get it.",
    "user_get_card": "A user got a card.",
    "user_gifting_card": "A user gave a card away.",
    "user_pay_from_pay_cell": "A user paid with a card.",
    "user_scan_product": "A user opened the page of a product.",
    "user_scan_product_async": "The region of a user who opened the page of a product.",
    "user_scan_product_enter_session": "A user opened the chat from the page of a product.",
    "user_scan_product_verify_action": "The check of a product ended.",
    "user_view_card": "A user looked at a card.",
    "verify_expired": "The verification of the account has expired.",
    "wificonnected": "A user connected to the Wi-Fi of a shop.",
    "wxa_media_check": "The check of a picture or a sound ended. Only mini programs get it.",
}
THEIRS = {"location": "`(location_x, location_y)`", "is_valid": "True or False"}
VARIANTS = {
    "subscribe_scan": "`subscribe` with a scene",
    "subscribe_scan_product": "`subscribe` of a product",
}


def page() -> str:
    """Return the text of docs/events.md."""
    common = elements_of(Unknown)
    lines = [f"| `{name}` | `{common[name].name}` | {common[name].kind} |" for name in COMMON]
    lines += ["", "## Messages", "", "| type | meaning | attributes |", "|---|---|---|"]
    lines += [row(name, MESSAGES[name], EXPECTED) for name in sorted(MESSAGES)]
    lines += ["", "## Events", "", "| event | meaning | attributes |", "|---|---|---|"]
    lines += [row(name, ALL_EVENTS[name], EXPECTED_OF_EVENTS) for name in sorted(ALL_EVENTS)]
    return HEAD + "\n".join(lines) + "\n"


def row(name: str, typed_class: Any, expected: dict[str, tuple[str, ...]]) -> str:
    """Return the row of one type or event."""
    is_ours = typed_class.__module__ != "bot.chat.wire.elements"
    meaning = " ".join(typed_class.__doc__.split()) if is_ours else MEANINGS[name]
    meaning = meaning.replace("|", r"\|")
    attributes = "<br>".join(attributes_of(typed_class, expected.get(name, ())))
    shown = VARIANTS.get(name, f"`{name}`")
    return f"| {shown} | {meaning} | {attributes} |"


def attributes_of(typed_class: Any, expected: tuple[str, ...]) -> Iterator[str]:
    """Yield a line for each attribute that not every message has."""
    common = elements_of(Unknown)
    for name, read in elements_of(typed_class).items():
        if name.startswith("_") or (name in common and read.name == common[name].name):
            continue
        path = f"{read.inside}/{read.name}" if read.inside else read.name
        mark = r" \*" if path in expected else ""
        yield f"`{name}`: `{path}`{mark}, {read.kind}"
    for name in sorted(set(dir(typed_class))):
        found = getattr(typed_class, name)
        if isinstance(found, property) and not name.startswith("_"):
            yield f"`{name}`{described(found)}"


def described(found: Any) -> str:
    """Return what a property returns."""
    kind = get_type_hints(found.fget).get("return")
    if get_origin(kind) is not list:
        return ": text" if kind is str else ": dict" if kind else f": {THEIRS[found.fget.__name__]}"
    (inner,) = get_args(kind)
    fields = getattr(inner, "_fields", ())
    if fields:
        return f": list of `{inner.__name__}({', '.join(fields)})`"
    return f": list of {'texts' if inner is str else 'numbers' if inner is int else 'dicts'}"


if __name__ == "__main__":
    print(page(), end="")
