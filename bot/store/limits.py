"""How often somebody may do what costs: a count in the store for each of them and each window of time."""

from bot.store import Store


class Limits:
    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, what: str, who: str, most: int, seconds: float) -> bool:
        """Whether `who` may do `what` once more; counts it. At most `most` times in a window of `seconds`,
        which begins with the first time, over all processes."""
        return self._store.count(f"limit:{what}:{who}", seconds) <= most

    def pause(self, what: str, who: str, seconds: float, now: float) -> float:
        """How many seconds `who` must wait before they may do `what` again. 0: they may now, and then not for
        `seconds`; of many callers at once, one hears it."""
        key = f"pause:{what}:{who}"
        if self._store.add(key, str(now + seconds).encode(), seconds):
            return 0.0
        until = self._store.get(key)
        return max(1.0, float(until) - now) if until else 1.0

    def resume(self, what: str, who: str) -> None:
        """End a pause: what it was for has not happened."""
        self._store.delete(f"pause:{what}:{who}")
