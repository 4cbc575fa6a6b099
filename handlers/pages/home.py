"""The home page: knows the visitor's name, and has the JS-SDK ready."""

from bot.pages import Page


class Home(Page):
    def GET(self) -> str:
        visitor = self.visitor("snsapi_userinfo")
        jssdk = self.jssdk("updateAppMessageShareData", "updateTimelineShareData", "getNetworkType")
        return self.render("home", visitor=visitor, jssdk=jssdk, url=self.url)
