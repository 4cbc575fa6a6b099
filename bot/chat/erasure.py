"""What is deleted when somebody unsubscribes, as WeChat asks, or wants to be forgotten."""

from bot.account import Account
from bot.chat.conversation import Conversations
from bot.chat.delivery.late_answers import whose
from bot.jobs.outbox import Outbox


class Forget:
    """Deletes all that is kept about a person: questions and answers, phone and logins, and the jobs, which
    hold what they wrote. One that is under way comes to nothing. Looks at every job, which may take a while.
    Raises StoreError."""

    def __init__(self, conversations: Conversations, account: Account, outbox: Outbox) -> None:
        self._conversations = conversations
        self._account = account
        self._outbox = outbox

    def __call__(self, openid: str) -> None:
        self._conversations.forget(openid)
        self._account.people.forget(openid)
        for job in self._outbox.all():
            if whose(job) == openid:
                self._outbox.drop(job.id)
