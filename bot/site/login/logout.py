"""The page `/logout`: end the session of this browser, or all sessions of its visitor."""

from bot.site.page import Page


class Logout(Page):
    """`/logout`: show two buttons: log out here, or log out everywhere. Other pages post their forms here."""

    def GET(self) -> str:
        return self.render("logout", known=self.site.visits.known_visitors.of(self.request.cookies))

    def POST(self) -> str:
        everywhere = self.form().get("everywhere") == "yes"
        url = self.site.account.page_url("/logout")
        raise self.enter(self.site.visits.sign_in.leave(self.request, url, everywhere=everywhere))
