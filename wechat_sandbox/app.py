"""Build the web application of the sandbox from a world and a pusher."""

from aiohttp import web

from wechat_sandbox.api import (
    agents,
    diagnostics,
    material,
    media,
    menu,
    message,
    notice,
    qrcode,
    short_keys,
    sns,
    tags,
    template,
    ticket,
    token,
    user,
)
from wechat_sandbox.api.pipeline import Frame
from wechat_sandbox.control.browser import PageControl
from wechat_sandbox.control.console import Console
from wechat_sandbox.control.journals import JournalControl
from wechat_sandbox.control.origin import local_names_only, own_pages_only
from wechat_sandbox.control.phones import PhonesControl
from wechat_sandbox.control.recordings import RecordingControl
from wechat_sandbox.control.responses import errors_as_json
from wechat_sandbox.control.settings import SettingsControl
from wechat_sandbox.control.users import UserControl
from wechat_sandbox.control.world import WorldControl
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.web import files
from wechat_sandbox.web.authorize_pages import AuthorizePages
from wechat_sandbox.web.one_time import OneTimePage
from wechat_sandbox.web.pictures import Pictures
from wechat_sandbox.web.qrlogin import QrLoginPages
from wechat_sandbox.world.world import World

APIS = (
    *token.APIS,
    *diagnostics.APIS,
    *menu.APIS,
    *user.APIS,
    *tags.APIS,
    *message.APIS,
    *template.APIS,
    *notice.APIS,
    *agents.APIS,
    *qrcode.APIS,
    *short_keys.APIS,
    *media.APIS,
    *material.APIS,
    *ticket.APIS,
    *sns.APIS,
)
# WeChat accepts files up to 10 MB. A larger upload must be read too, so that it gets its errcode.
_LARGEST_BODY = 32 << 20


def build_app(world: World, pusher: Pusher, allow_remote: bool = False) -> web.Application:
    """Return the application with all routes.

    When it shuts down, it ends all login polls, event streams and deliveries. With `allow_remote` False it
    refuses requests whose Host is not a name of this machine.
    """
    guards = [] if allow_remote else [local_names_only]
    app = web.Application(
        client_max_size=_LARGEST_BODY, middlewares=[*guards, errors_as_json, own_pages_only]
    )
    files.mount(app, world.base_url)
    Pictures(world).mount(app)
    AuthorizePages(world).mount(app)
    QrLoginPages(world).mount(app)
    OneTimePage(world).mount(app)
    WorldControl(world, pusher).mount(app)
    JournalControl(world, pusher).mount(app)
    SettingsControl(world, pusher).mount(app)
    Console(world, pusher).mount(app)
    RecordingControl(world, pusher).mount(app)
    PhonesControl(world, pusher).mount(app)
    UserControl(world, pusher).mount(app)
    PageControl(world).mount(app)
    # This must be the last route, because it matches every path that no other route has.
    Frame(world, pusher, APIS).mount(app)

    async def close(app: web.Application) -> None:
        world.logins.close()
        world.bus.close()
        await pusher.close()

    app.on_shutdown.append(close)
    return app
