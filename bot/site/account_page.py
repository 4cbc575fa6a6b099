"""The page on which a visitor binds a phone number. The company's system knows its customers by this number.

The visitor is recognised silently. If a number is bound, the page shows it. If not, the page asks for the
number, sends a code by SMS, binds the number, and redirects to the path `to`.
"""

import logging
import time
import unicodedata
from typing import Any
from urllib.parse import quote

import web

from bot.config import ACCOUNT_PATH
from bot.errors import BindingError, CodeError, PhoneError, SmsError, WeChatError
from bot.oauth.visitor import Visitor
from bot.people import phone as phones
from bot.site.forms import local_path
from bot.site.page import Page
from bot.site.templates import translate
from bot.telemetry.log import audit

log = logging.getLogger("bot.site.page")

# The values of a form's button. Each has a method of this name with an underscore before it.
_ACTIONS = ("send", "verify", "cancel", "keep", "unbind")


class AccountPage(Page):
    def GET(self) -> str:
        visitor = self.person()
        return self._show(visitor)

    def POST(self) -> str:
        visitor = self.person()
        fields = self.form()
        action = fields.get("do", "")
        if visitor.via == "website" or action not in _ACTIONS:
            raise self.go(ACCOUNT_PATH)
        try:
            getattr(self, "_" + action)(visitor, fields)
        except (PhoneError, CodeError, BindingError) as error:
            web.ctx.status = "422 Unprocessable Entity"
            pause = error.wait if isinstance(error, CodeError) else 0
            return self._show(visitor, error.reason, fields.get("phone", ""), pause)
        except SmsError as error:
            log.error("[account] SMS not sent: %s", error)
            web.ctx.status = "502 Bad Gateway"
            return self._show(visitor, "sms-failed", fields.get("phone", ""))
        raise self.go(self._path())

    def _send(self, visitor: Visitor, fields: dict[str, str]) -> None:
        people = self.site.account.people
        phone = phones.read(fields.get("phone", ""), self.site.config.phone_regions)
        people.codes.send(visitor.openid, phone, self.request.network, self._message)
        audit("code-sent", openid=visitor.openid, phone=phones.mask(phone), address=self.request.address)

    def _verify(self, visitor: Visitor, fields: dict[str, str]) -> None:
        people = self.site.account.people
        try:
            phone = people.codes.check(visitor.openid, _digits(fields.get("code", "")))
            binding = people.bindings.bind(visitor.openid, phone, visitor.unionid)
        except (CodeError, BindingError) as error:
            if error.reason == "expired" and people.bindings.is_new(visitor.openid):
                raise self._go_on() from None  # the visitor tapped the button twice
            audit("not-bound", openid=visitor.openid, reason=error.reason, address=self.request.address)
            raise
        audit("bound", openid=visitor.openid, phone=phones.mask(phone), address=self.request.address)
        if not binding.unionid and self.site.config.site_app_id:
            self._learn_unionid(visitor.openid)
        raise self._go_on()

    def _learn_unionid(self, openid: str) -> None:
        """Ask WeChat for a follower's unionid and store it, because a silent login may lack it. The website
        app knows a person only by the unionid."""
        try:
            unionid = self.site.account.client.user.get(openid).get("unionid")
        except WeChatError as error:
            log.info("[account] no unionid yet: errcode=%d", error.errcode)
            return
        if isinstance(unionid, str) and unionid:
            self.site.account.people.bindings.learn(openid, unionid)

    def _go_on(self) -> Exception:
        to = local_path(web.input(_method="GET", to="").to, "")
        return self.go(to or ACCOUNT_PATH)

    def _cancel(self, visitor: Visitor, fields: dict[str, str]) -> None:
        self.site.account.people.codes.drop(visitor.openid)

    def _keep(self, visitor: Visitor, fields: dict[str, str]) -> None:
        """Keep the bound number. Delete the SMS code that was sent to another number."""
        self._cancel(visitor, fields)
        raise self._go_on()

    def _unbind(self, visitor: Visitor, fields: dict[str, str]) -> None:
        binding = self.site.account.people.bindings.unbind(visitor.openid)
        if binding:
            phone = phones.mask(binding.phone)
            audit("unbound", openid=visitor.openid, phone=phone, address=self.request.address)

    def _message(self, code: str) -> str:
        sign = self.site.config.sms_sign or translate("示例公众号", "Example account")
        return translate(
            f"【{sign}】验证码 {code}，5 分钟内有效。不是你本人操作，请不要告诉任何人。",
            f"[{sign}] Your code is {code}, good for 5 minutes. If you did not ask for it, tell nobody.",
        )

    def _show(self, visitor: Visitor, problem: str = "", typed: str = "", pause: int = 0) -> str:
        people = self.site.account.people
        binding = self.binding(visitor)
        pending = people.codes.pending(visitor.openid)
        query: Any = web.input(_method="GET", to="", change="")
        return self.render(
            "account",
            visitor=visitor,
            bound=phones.mask(binding.phone) if binding else "",
            since=time.strftime("%Y-%m-%d", time.localtime(binding.since)) if binding else "",
            sent_to=phones.mask(pending.phone) if pending else "",
            sent_phone=pending.phone if pending else "",
            wait=pending.wait if pending else 0,
            is_changing=bool(query.change),
            can_send=people.codes.can_send,
            problem=problem,
            pause=pause,
            typed=typed,
            path=self._path(),
            regions=phones.prefixes(self.site.config.phone_regions),
        )

    def _path(self) -> str:
        """Return the path of this page with its parameters `to` and `change`."""
        query: Any = web.input(_method="GET", to="", change="")
        to = local_path(query.to, "")
        kept = [f"to={quote(to, safe='')}"] if to else []
        kept += ["change=1"] if query.change else []
        return ACCOUNT_PATH + ("?" + "&".join(kept) if kept else "")


def _digits(typed: str) -> str:
    """Return a typed code as plain digits: people type full-width digits, and blanks between them."""
    return "".join(unicodedata.normalize("NFKC", typed).split())
