"""Paths of WeChat's API that exist but are not simulated.

They answer 48001, as if the account did not have the right. A path that WeChat does not have answers 404.
The journal has both kinds of call with `"simulated": false`.
"""

_EXACT = frozenset(
    {
        "/cgi-bin/account/getaccountbasicinfo",
        "/cgi-bin/material/add_news",
        "/cgi-bin/material/update_news",
        "/cgi-bin/get_current_autoreply_info",
        "/cgi-bin/shorturl",
        "/cgi-bin/user/migrate",
        "/cgi-bin/changeopenid",
        "/cgi-bin/media/uploadnews",
        "/cgi-bin/media/uploadvideo",
        "/sns/jscode2session",
    }
)
_AREAS = (
    "/cgi-bin/message/mass/",
    "/cgi-bin/draft/",
    "/cgi-bin/freepublish/",
    "/cgi-bin/comment/",
    "/cgi-bin/guide/",
    "/cgi-bin/groups/",
    "/cgi-bin/poi/",
    "/cgi-bin/express/",
    "/cgi-bin/component/",
    "/cgi-bin/wxopen/",
    "/customservice/",
    "/wxaapi/",
    "/wxa/",
    "/datacube/",
    "/card/",
    "/semantic/",
    "/bizwifi/",
    "/cv/",
    "/device/",
    "/guide/",
    "/merchant/",
    "/product/",
    "/scan/",
    "/shakearound/",
)


def is_known(path: str) -> bool:
    """Return True if WeChat's API has this path and the sandbox does not simulate it."""
    return path in _EXACT or path.startswith(_AREAS)
