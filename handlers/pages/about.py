"""Who is behind the account, how to get help, and how to have one's data deleted; for anybody.

The words are in templates/about.html. Whoever writes to MAIL to have data deleted gets it done by
`python -m bot forget` (docs/pages.md); unfollowing deletes it without the operator.
"""

from bot.site.page import Page

MAIL = "hello@example.com"


class About(Page):
    def GET(self) -> str:
        return self.render("about", mail=MAIL)
