"""Puts the sandbox together: one world, one pusher, and the routes over them."""

from aiohttp import web

from sandbox.api import media, menu, message, qrcode, sns, ticket, token, user
from sandbox.api.frame import Frame
from sandbox.control.answers import errors_as_json
from sandbox.control.console import Console
from sandbox.control.origin import own_pages_only
from sandbox.control.phone import PhoneControl
from sandbox.control.users import UserControl
from sandbox.control.world import WorldControl
from sandbox.push.series import Pusher
from sandbox.web import files
from sandbox.web.authorize import AuthorizePages
from sandbox.web.pictures import Pictures
from sandbox.world.world import World

APIS = (
    *token.APIS,
    *menu.APIS,
    *user.APIS,
    *message.APIS,
    *qrcode.APIS,
    *media.APIS,
    *ticket.APIS,
    *sns.APIS,
)
# The largest thing that WeChat takes is a video of 10 MB; what is larger must still get its errcode.
_LARGEST_BODY = 32 << 20


def build_app(world: World, pusher: Pusher) -> web.Application:
    """Closing the application ends the deliveries and the event streams; the world ends with the process."""
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[errors_as_json, own_pages_only])
    files.mount(app, world.base_url)
    Pictures(world).mount(app)
    AuthorizePages(world).mount(app)
    WorldControl(world, pusher).mount(app)
    UserControl(world, pusher).mount(app)
    Console(world, pusher).mount(app)
    PhoneControl(world).mount(app)
    # Last, for it takes every path of WeChat's API that is left.
    Frame(world, APIS).mount(app)

    async def close(app: web.Application) -> None:
        world.bus.close()
        await pusher.close()

    app.on_shutdown.append(close)
    return app
