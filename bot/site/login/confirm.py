"""The page `/login/confirm`, on the phone: confirm or refuse the login of a browser on a PC."""

import web

from bot.oauth import browser
from bot.oauth.visitor import Visitor
from bot.people import Login
from bot.people.logins import LOGIN_SECONDS
from bot.site.page import Page
from bot.store.codec import dump
from bot.telemetry.log import audit


class Confirm(Page):
    """`/login/confirm?id=…`, on the phone: show which browser wants to log in and its IP address, and take
    the answer yes or no."""

    def GET(self) -> str:
        visitor, login = self._theirs()
        if login is None:
            web.ctx.status = "410 Gone"
            return self.render("confirm", login=None, visitor=visitor, same_network=False, minutes=0)
        same = browser.network(login.address) == self.request.network
        age = LOGIN_SECONDS - self.site.account.people.logins.left(login)
        minutes = int(age / 60)
        return self.render("confirm", login=login, visitor=visitor, same_network=same, minutes=minutes)

    def POST(self) -> str:
        visitor, login = self._theirs()
        fields = self.form()
        if login is None:
            raise self.go(web.ctx.path + str(web.ctx.query))
        logins = self.site.account.people.logins
        if fields.get("answer") == "yes":
            # The login on the phone may be old. But WeChat has named the person who scanned, a few minutes
            # ago at most, and this person has now answered yes. So the new login is proven now.
            person = self.site.visits.sign_in.proven(visitor, via="scene")
            done = logins.confirm(login.id, visitor.openid, dump(person).decode())
        else:
            done = logins.refuse(login.id, visitor.openid)
        audit(
            "login-" + (done.status if done else "too-late"),
            openid=visitor.openid,
            address=login.address,
            agent=login.agent,
        )
        raise self.go(web.ctx.path + str(web.ctx.query))

    def _theirs(self) -> tuple[Visitor, Login | None]:
        """Return the visitor, and the login if this visitor has scanned its QR code; otherwise None for the
        login.

        So another person cannot use the confirmation link.
        """
        visitor = self.person("snsapi_userinfo", or_silent=True)
        login_id = web.input(_method="GET", id="").id
        login = self.site.account.people.logins.find(login_id)
        return visitor, login if login and login.openid == visitor.openid else None
