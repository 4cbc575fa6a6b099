"""Explain WeChat's errcodes to operators: what each means, and what to do."""

import ipaddress
import re

from bot.errors import WeChatError, WeChatUnreachable

_ADVICE = {
    -1: "WeChat is busy. Try again in a moment.",
    40001: "The access token or the AppSecret is not valid. Check APP_SECRET; a reset in the console "
    "changes it.",
    40013: "WeChat does not know this AppID. Check APP_ID.",
    40016: "A menu has 1 to 3 top buttons.",
    40018: "A top button's name is empty or over 16 bytes.",
    40023: "A sub-menu has 1 to 5 buttons.",
    40025: "A sub-menu button's name is empty or over 60 bytes.",
    40054: "A sub-menu link's domain is not allowed for this account.",
    40055: "A menu link's domain is not allowed for this account.",
    40125: "The AppSecret is not valid. Copy it from the console (开发接口管理); a reset there changes it.",
    40243: "The AppSecret is frozen. Unfreeze it in the console (开发接口管理).",
    45009: "The day's quota of this call is used up. It begins anew at midnight in China; "
    "/cgi-bin/clear_quota gives it back up to ten times a month.",
    45159: "A matchrule names a tag that does not exist. tags/get lists the tags of the account.",
    45011: "Too many calls this minute. Wait a minute.",
    45064: "The mini program is not linked to this account. Link it in the console (小程序管理).",
    48001: "This account may not call this API. The custom menu API needs a verified subscription account, "
    "a service account or a test account; unverified subscription accounts (未认证订阅号) lack it. "
    "Conditional menus and --as need a verified account or a test account. "
    "Rights are listed in the console (设置与开发 > 接口权限).",
    50002: "This account is restricted by the platform. See the console's notices.",
    65301: "There is no conditional menu with this menuid.",
    65302: "No follower of this account has this OpenID or WeChat id.",
    65303: "A conditional menu needs a default menu that was made by API.",
    65305: "The account has too many menus. Delete conditional menus.",
    65306: "This account may not have conditional menus. A verified account is needed.",
    65309: "Conditional menus are switched off for this account. See the console.",
    65316: "All conditional menus together may link to at most 3 domains.",
    65317: "A menu has a link that WeChat does not accept.",
    65320: "A matchrule may have tag_id and client_platform_type only.",
    65319: "This account may not create a menu now. See the console's notices.",
}


def explain(error: WeChatError) -> str:
    """Return up to three lines about an error: WeChat's own text, its meaning, and what to do."""
    if isinstance(error, WeChatUnreachable):
        way_out = "try again, or check a proxy and" if error.was_sent else "check DNS, the firewall, a proxy,"
        return f"{error}: {way_out} API_BASE"
    said = str(error)
    if error.errcode == 40164:
        return f"{said}\nWeChat does not know this server's IP address.\n{whitelist_advice(error)}"
    advice = _ADVICE.get(error.errcode)
    return f"{said}\n{advice}" if advice else said


def whitelist_advice(error: WeChatError) -> str:
    """Return what to do about 40164: which address to add, and where."""
    address = address_refused(error.errmsg) or "this server's address"
    return (
        f"Add {address} to the IP whitelist in the console (开发接口管理 > IP白名单; "
        "on the developers' platform: 基础信息 > 开发密钥). It works after some minutes."
    )


def address_refused(errmsg: str) -> str:
    """Return the IP address that the text of a 40164 names, or an empty text.

    WeChat writes `invalid ip 192.0.2.1 ipv6 ::ffff:192.0.2.1, not in whitelist rid: …`.
    """
    for word in re.split(r"[\s,;()\[\]]+", errmsg):
        try:
            found = ipaddress.ip_address(word)
        except ValueError:
            continue
        mapped = getattr(found, "ipv4_mapped", None)
        return str(mapped or found)
    return ""
