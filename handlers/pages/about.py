"""The page about the account: its owner, where to get help, how users have their data deleted.

Anybody may open it. The text is in templates/about.html. If a user writes to MAIL to have data deleted, run
`python -m bot forget` (docs/pages.md). The data of a user who stops following is deleted at once.
"""

from bot import Page

MAIL = "hello@example.com"


class About(Page):
    def GET(self) -> str:
        return self.render("about", mail=MAIL)
