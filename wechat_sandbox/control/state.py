"""Build the answer of `GET /_sandbox/state`: the whole state, for the phone page and for tests."""

from typing import Any

from wechat_sandbox.settings import to_json
from wechat_sandbox.world.templates import Template
from wechat_sandbox.world.world import World

Json = dict[str, Any]


def state(world: World) -> Json:
    default = world.menus.default
    return {
        "run": world.run,
        "account": account(world),
        "behaviour": to_json(world.behaviour),
        "users": [user.to_json() for user in world.users.all()],
        "menu": default.to_json() if default else None,
        "conditional_menus": [
            {"menuid": str(menu.menuid), "matchrule": menu.rule, **menu.to_json()}
            for menu in world.menus.conditional
        ],
        "clock": world.clock.to_json(),
        "quotas": [
            {"path": usage.path, "limit": usage.limit, "used": usage.used, "remain": usage.remain}
            for usage in world.quotas.used(world.account.kind)
        ],
        "tokens": _tokens(world),
        "qr_codes": _qr_codes(world),
        "tags": [{"id": tag.id, "name": tag.name} for tag in world.tags.all()],
        "logins": [
            {"uuid": login.uuid, "status": login.status, "appid": login.appid}
            for login in world.logins.pending()
        ],
        "templates": [_template(template) for template in world.templates.all()],
        "notice_templates": [
            {"template_id": one.template_id, "title": one.title, "content": one.content}
            for one in world.notices.all()
        ],
    }


def account(world: World) -> Json:
    return world.account.to_json() | {
        "callback": world.callback,
        "callback_ok": world.callback_ok,
        "verify_file": world.verify_file,
        "verify_text": world.verify_text,
        "one_time_template_id": world.notices.one_time_id,
        "avatar": f"{world.base_url}/mmopen/account/132",
    }


def _tokens(world: World) -> list[Json]:
    now = world.clock.now()
    living = [*world.tokens.living(), *(("jsapi_ticket", ticket) for ticket in world.tickets.living())]
    return [
        {"kind": kind, "expires_in": int(token.expires - now), "value_end": token.value[-6:]}
        for kind, token in living
    ]


def _qr_codes(world: World) -> list[Json]:
    now = world.clock.now()
    return [
        {
            "scene": code.scene,
            "ticket": code.ticket,
            "permanent": code.expires is None,
            "expires_in": None if code.expires is None else int(code.expires - now),
            "url": code.url,
            "created": code.created,
            "scanned_by": sorted(code.scanned_by),
        }
        for code in world.qrcodes.all()[-200:]
    ]


def _template(template: Template) -> Json:
    return {"template_id": template.template_id, "title": template.title, "content": template.content}
