"""The blog: short posts, newest first. Write your own into POSTS.

Anybody may read it. It asks for no visitor, so it opens outside WeChat, too.
"""

from dataclasses import dataclass

from bot import Page, translate


@dataclass(frozen=True)
class Post:
    """One post. `date` is like 2026-11-24. `title` and `text` are pairs (Chinese, English)."""

    date: str
    title: tuple[str, str]
    text: tuple[str, str]


POSTS = (
    Post(
        "2026-11-24",
        ("慢一点的回答，也不会丢", "A slow answer is not lost"),
        (
            "有的问题要多想一会儿。给公众号发「慢 8」试试：它先记下，8 秒后再回答你。",
            "Some questions take longer. Send slow 8 to the account: it notes the question and answers 8 "
            "seconds later.",
        ),
    ),
    Post(
        "2026-11-10",
        ("在电脑上也能打开「我的主页」", "My page opens on a computer, too"),
        (
            "用电脑打开「我的主页」，会看到一个二维码。用微信扫一扫，在手机上确认，电脑就登录了，不用记密码。",
            "Open My page on a computer and it shows a QR code. Scan it with WeChat and confirm "
            "on the phone: the computer is logged in. There is no password to remember.",
        ),
    ),
    Post(
        "2026-10-28",
        ("你好，我们开张了", "Hello, we are open"),
        (
            "公众号今天上线。发「帮助」看看它能做什么；点菜单里的「关于」，了解我们是谁、怎么联系。",
            "The account is live. Send it the word help to see what it can do. Tap About in its menu to read "
            "who we are and how to reach us.",
        ),
    ),
)


class Blog(Page):
    def GET(self) -> str:
        posts = [(post.date, translate(*post.title), translate(*post.text)) for post in POSTS]
        return self.render("blog", posts=posts)
