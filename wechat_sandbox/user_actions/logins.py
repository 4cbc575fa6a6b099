"""Logging in to the website with the phone: scan the page's code, then agree or not (protocol §6.3)."""

from wechat_sandbox.user_actions.actor import Actor
from wechat_sandbox.world.logins import Login
from wechat_sandbox.world.oauth import Grant


def scan(actor: Actor, uuid: str) -> Login:
    """Raises WrongStep, as do the others."""
    return actor.world.logins.scan(uuid, actor.user.openid)


def confirm(actor: Actor, uuid: str) -> Login:
    """The page learns a code of the website app, under whose id this person has another openid."""
    world, user = actor.world, actor.user
    app_id = world.account.site_app_id
    grant = Grant(app_id, user.site_openid, user.unionid, user.nickname, user.avatar, "snsapi_login")
    return world.logins.confirm(
        uuid, user.openid, lambda: world.oauth.issue(grant, world.behaviour.site_code_seconds)
    )


def cancel(actor: Actor, uuid: str) -> Login:
    return actor.world.logins.cancel(uuid, actor.user.openid)
