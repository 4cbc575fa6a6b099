"""Rate limits: counters and pauses that are kept in the store, so that all processes share them."""

from bot.store import Store


class Limits:
    """Rate limits for actions. `what` names an action, `who` a person, a phone or an address.

    Every method raises StoreError.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, what: str, who: str, most: int, seconds: float) -> bool:
        """Count one attempt by `who` at `what`. Return False if there were more than `most` in this window.

        A window begins with the first attempt and lasts `seconds`. Counting is atomic over all processes.
        """
        return self._store.count(f"limit:{what}:{who}", seconds) <= most

    def pause(self, what: str, who: str, seconds: float, now: float) -> float:
        """Begin a pause of `seconds` for `who` at `what`. Return 0, or the seconds left of a running pause.

        `now` is unix seconds. If several callers try at the same time, exactly one gets 0. The others get at
        least 1.
        """
        key = f"pause:{what}:{who}"
        if self._store.add(key, str(now + seconds).encode(), seconds):
            return 0.0
        try:
            until = float(self._store.get(key) or 0)
        except ValueError:  # another version has written it
            until = 0.0
        return max(1.0, until - now)

    def resume(self, what: str, who: str) -> None:
        """End a pause early, because the action did not take place."""
        self._store.delete(f"pause:{what}:{who}")
