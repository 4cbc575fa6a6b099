"""The home page. It shows the visitor's name and has the JS-SDK ready."""

from bot import Page, Share, translate


class Home(Page):
    def GET(self) -> str:
        visitor = self.visitor("snsapi_userinfo", or_silent=True)
        share = Share(
            translate("我的主页", "My page"),
            translate("来看看我的主页", "Have a look at my page"),
            link=self.site.account.page_url("/"),
            image=self.site.account.static_url("share.png"),
        )
        jssdk = self.jssdk("getNetworkType", share=share)
        return self.render("home", visitor=visitor, jssdk=jssdk, url=self.url)
