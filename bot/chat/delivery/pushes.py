"""Push the messages of a reply to a user, each as a step of its job.

This module must not decide what happens to a reply that WeChat refuses.
"""

from functools import partial
from typing import Any

from bot.account import Account
from bot.chat.delivery.late_answers import BUSY
from bot.chat.replies.kinds import Reply
from bot.errors import WeChatError, WeChatUnreachable
from bot.jobs.outbox import Job, Outbox
from bot.wechat.client import PUSH
from bot.wechat.whitelist import WhitelistAlarm


class Pushes:
    """The pushes of all jobs of this process."""

    def __init__(self, account: Account, outbox: Outbox) -> None:
        self.account = account
        self._outbox = outbox
        self._whitelist = WhitelistAlarm()

    def parts(self, reply: Reply) -> list[dict[str, Any]]:
        """Return the messages to push for a reply. The list is empty if the account may not push, or if the
        reply lacks what WeChat requires of a push."""
        can_push = self.account.can_push and reply.has_all_for_push
        return reply.pushes(self.account.text_limit) if can_push else []

    def push(self, openid: str, job: Job, part: dict[str, Any], **noted: Any) -> Job:
        """Push one message and note it in the job. Return the job. Raises WeChatError."""
        push = partial(self.account.client.post, PUSH, data={"touser": openid, **part})
        try:
            job = self._outbox.step(job, push, **noted)
        except WeChatError as error:
            self._whitelist.refused(error)
            raise
        self._whitelist.accepted()
        return job

    @staticmethod
    def may_try_again(error: WeChatError) -> bool:
        """Return True if the same push may succeed later, and has certainly not arrived."""
        was_sent = isinstance(error, WeChatUnreachable) and error.was_sent
        return error.errcode in BUSY and not was_sent
