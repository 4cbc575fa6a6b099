"""Tell the operator once that WeChat's IP whitelist lacks an address of this server (errcode 40164).

This module must not decide whether a call is repeated.
"""

import logging
import threading

from bot.errors import WeChatError
from bot.wechat.errcodes import address_refused, whitelist_advice

log = logging.getLogger("bot.wechat")

UNLISTED = 40164


class WhitelistAlarm:
    """Log one error for each refused address, and none for it again until WeChat accepts a call. Threads may
    share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: set[str] = set()

    def refused(self, error: WeChatError) -> None:
        """Note a call that WeChat refused with `error`. Other errors than 40164 are ignored."""
        if error.errcode != UNLISTED:
            return
        address = address_refused(error.errmsg)
        with self._lock:
            is_new = address not in self._told
            self._told.add(address)
        if is_new:
            log.error("[wechat] %s. %s", error, whitelist_advice(error))

    def accepted(self) -> None:
        """Note that WeChat has accepted a call: the outage is over."""
        if self._told:
            self._told.clear()
            log.warning("[wechat] WeChat accepts this server's address again")
