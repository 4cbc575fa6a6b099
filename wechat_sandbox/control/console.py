"""Control calls for the callback, for the account's own menu and message templates, and for faults."""

from typing import Any

from aiohttp import web

from wechat_sandbox.api.menu import current_menu
from wechat_sandbox.control.responses import answer
from wechat_sandbox.json_fields import BadRequest, read_fields
from wechat_sandbox.push.delivery import Pusher
from wechat_sandbox.push.verification import NotVerified, verify
from wechat_sandbox.world.fault_reader import fault_of_json
from wechat_sandbox.world.faults import Fault
from wechat_sandbox.world.menu import Button
from wechat_sandbox.world.world import World

# The types of buttons that the console makes. All but view have their content in `value`.
_CONSOLE_TYPES = ("view", "text", "img", "photo", "voice", "video", "news")


class Console:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world = world
        self._pusher = pusher

    def mount(self, app: web.Application) -> None:
        app.router.add_put("/_sandbox/callback", self.callback)
        app.router.add_put("/_sandbox/console_menu", self.menu)
        app.router.add_get("/_sandbox/faults", self.faults)
        app.router.add_put("/_sandbox/faults", self.set_faults)
        app.router.add_post("/_sandbox/templates", self.add_template)

    async def callback(self, request: web.Request) -> web.Response:
        """Save the callback URL, if the account's server passes the verification (rule 1)."""
        fields = await read_fields(request)
        url = fields.text("url")
        fields.done()
        try:
            await verify(self._world, self._pusher.http, url)
        except NotVerified as error:
            raise BadRequest(str(error)) from None
        self._world.set_callback(url, ok=True)
        return answer({"ok": True})

    async def menu(self, request: web.Request) -> web.Response:
        """Type a menu into the console, or only switch the present one on or off (protocol §5.1)."""
        fields = await read_fields(request)
        buttons = [_button(one) for one in fields.list("button")] if fields.has("button") else None
        is_open = fields.flag("is_open", True)
        fields.done()
        if buttons is not None:
            self._world.set_console_menu(buttons, is_open)
        else:
            self._world.menus.is_open = is_open
            self._world.publish_menu()
        return answer(current_menu(self._world.menus))

    async def add_template(self, request: web.Request) -> web.Response:
        """Add a message template, as on the console page of a test account (protocol §8.2)."""
        fields = await read_fields(request)
        title, content = fields.text("title"), fields.text("content")
        fields.done()
        if not title or not content:
            raise BadRequest("title, content: must not be empty")
        template = self._world.templates.add(title, content)
        return answer({"template_id": template.template_id})

    async def faults(self, request: web.Request) -> web.Response:
        return answer(self._world.faults.to_json())

    async def set_faults(self, request: web.Request) -> web.Response:
        fields = await read_fields(request)
        faults = [_fault(index, values) for index, values in enumerate(fields.list("faults"))]
        fields.done()
        self._world.set_faults(faults)
        return answer(self._world.faults.to_json())


def _button(values: Any) -> Button:
    """Return a button that was typed into the console. Raises BadRequest."""
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise BadRequest("button: each must be an object with a name")
    if "sub_button" in values:
        subs = values["sub_button"]
        if not isinstance(subs, list) or not subs:
            raise BadRequest("button: sub_button must be a list of buttons")
        return {"name": values["name"], "sub_button": [_button(sub) for sub in subs]}
    content = "url" if values.get("type") == "view" else "value"
    if values.get("type") not in _CONSOLE_TYPES or not isinstance(values.get(content), str):
        raise BadRequest(f"button: must have {content} and a type of {', '.join(_CONSOLE_TYPES)}")
    return dict(values)


def _fault(index: int, values: Any) -> Fault:
    try:
        return fault_of_json(values)
    except BadRequest as error:
        text = str(error)
        mark = ": " if text.startswith("must be") else "."
        raise BadRequest(f"faults[{index}]{mark}{text}") from None
