"""The steps of a website login on the phone: scan the code, then confirm or cancel (protocol §6.3)."""

from wechat_sandbox.user_actions.actor import Actor
from wechat_sandbox.world.logins import Login
from wechat_sandbox.world.oauth import Grant


def scan(actor: Actor, uuid: str) -> Login:
    """Scan the code of a login page. Raises WrongStep if the code does not allow it now."""
    return actor.world.logins.scan(uuid, actor.user.openid)


def confirm(actor: Actor, uuid: str) -> Login:
    """Confirm the login. The page gets a code of the website app, for which the user has another openid.

    Raises WrongStep if the code does not allow it now.
    """
    world, user = actor.world, actor.user
    app_id = world.account.site_app_id
    grant = Grant(app_id, user.site_openid, user.unionid, user.nickname, user.avatar, "snsapi_login")
    return world.logins.confirm(
        uuid, user.openid, lambda: world.oauth.issue(grant, world.behaviour.site_code_seconds)
    )


def cancel(actor: Actor, uuid: str) -> Login:
    """Cancel the login. Raises WrongStep if the code does not allow it now."""
    return actor.world.logins.cancel(uuid, actor.user.openid)
