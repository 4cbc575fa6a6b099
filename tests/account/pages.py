"""The pages of the tests' account. Their templates are those that are shipped."""

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


class Blog(Page):
    def GET(self) -> str:
        post = ("2026-11-24", translate("一篇文章", "A post"), translate("正文", "Its text"))
        return self.render("blog", posts=[post])


class Weibo(Page):
    def GET(self) -> str:
        return self.render("weibo")


class About(Page):
    def GET(self) -> str:
        return self.render("about", mail="hello@example.com")
