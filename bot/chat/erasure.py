"""Delete all data about a person when they unsubscribe, take back a right or close their WeChat account, as
WeChat requires, or when they request it."""

from bot.account import Account
from bot.chat.conversation import Conversations
from bot.chat.delivery.late_answers import owner_of
from bot.chat.delivery.ordered_messages import OrderedMessages
from bot.jobs.outbox import Outbox


class Erasure:
    """Delete all data about people."""

    def __init__(
        self, conversations: Conversations, account: Account, outbox: Outbox, ordered: OrderedMessages
    ) -> None:
        self._conversations = conversations
        self._account = account
        self._outbox = outbox
        self._ordered = ordered

    def erase(self, openid: str) -> None:
        """Delete a person's questions, answers, phone and logins, and the jobs that hold their messages.

        A job that runs now ends without effect. This reads every job, which may take a while. Raises
        StoreError.
        """
        self._conversations.forget(openid)
        self._account.people.forget(openid)
        for job in self._outbox.all():
            if owner_of(job) == openid:
                self._outbox.drop(job.id)
        self._ordered.forget(openid)
