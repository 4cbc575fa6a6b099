"""Puts the sandbox together: one world, one pusher, and the routes over them."""

from aiohttp import web

from sandbox.api import (
    agents,
    material,
    media,
    menu,
    message,
    notice,
    qrcode,
    shorten,
    sns,
    support,
    tags,
    template,
    ticket,
    token,
    user,
)
from sandbox.api.frame import Frame
from sandbox.control.answers import errors_as_json
from sandbox.control.console import Console
from sandbox.control.journals import JournalControl
from sandbox.control.origin import local_names_only, own_pages_only
from sandbox.control.page import PageControl
from sandbox.control.phones import PhonesControl
from sandbox.control.recordings import RecordingControl
from sandbox.control.settings import SettingsControl
from sandbox.control.users import UserControl
from sandbox.control.world import WorldControl
from sandbox.push.series import Pusher
from sandbox.web import files
from sandbox.web.authorize import AuthorizePages
from sandbox.web.one_time import OneTimePage
from sandbox.web.pictures import Pictures
from sandbox.web.qrlogin import QrLoginPages
from sandbox.world.world import World

APIS = (
    *token.APIS,
    *support.APIS,
    *menu.APIS,
    *user.APIS,
    *tags.APIS,
    *message.APIS,
    *template.APIS,
    *notice.APIS,
    *agents.APIS,
    *qrcode.APIS,
    *shorten.APIS,
    *media.APIS,
    *material.APIS,
    *ticket.APIS,
    *sns.APIS,
)
# The largest thing that WeChat takes is a video of 10 MB; what is larger must still get its errcode.
_LARGEST_BODY = 32 << 20


def build_app(world: World, pusher: Pusher, allow_remote: bool = False) -> web.Application:
    """Closing the application ends the deliveries and the event streams; the world ends with the process."""
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
    # Last, for it takes every path of WeChat's API that is left.
    Frame(world, pusher, APIS).mount(app)

    async def close(app: web.Application) -> None:
        world.logins.close()
        world.bus.close()
        await pusher.close()

    app.on_shutdown.append(close)
    return app
