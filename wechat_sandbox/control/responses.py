"""Make the answers of the control API: UTF-8 JSON, with `{"error": …}` for every error."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from wechat_sandbox.errors import WeChatError
from wechat_sandbox.json_fields import BadRequest
from wechat_sandbox.push.delivery import Interrupted
from wechat_sandbox.user_actions.actor import Impossible
from wechat_sandbox.world.logins import WrongStep
from wechat_sandbox.world.users import UnknownUser

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(body: Any, status: int = 200) -> web.Response:
    """Return `body` as a JSON response."""
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", charset="utf-8")


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn the errors of a control call into `{"error": …}` with status 400, 404 or 409."""
    if not request.path.startswith("/_sandbox/"):
        return await handler(request)
    try:
        return await handler(request)
    except (BadRequest, Impossible, WrongStep) as error:
        return answer({"error": str(error)}, 400)
    except UnknownUser as error:
        return answer({"error": f"openid: no user {str(error)!r}; GET /_sandbox/state lists the users"}, 404)
    except WeChatError as error:
        return answer({"error": f"{error.errmsg} ({error.errcode})"}, 400)
    except Interrupted:
        return answer({"error": "the sandbox was reset or stopped while this delivery was running"}, 409)
    except web.HTTPException as error:
        return answer({"error": f"{request.method} {request.path}: {error.reason}"}, error.status)
