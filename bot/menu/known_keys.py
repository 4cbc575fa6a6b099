"""Find keys that a dict of the menu may not have, each with the known key that was probably meant."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any


def unknown_keys(
    item: Mapping[Any, Any], known: Collection[str], tolerated: Collection[str] = ()
) -> Iterator[tuple[Any, str | None]]:
    """Yield each key of `item` that is not in `known`, with the near one in `known` or None.

    Keys in `tolerated` are allowed too, but are near to nothing. The comparison ignores case and
    underscores: `subButton` is near to `sub_button`.
    """
    letters = {_letters(name): name for name in known}
    for key in item:
        if key not in known and key not in tolerated:
            near = difflib.get_close_matches(_letters(str(key)), letters, n=1, cutoff=0.6)
            yield key, letters[near[0]] if near else None


def fault(key: Any, near: str | None, known: Collection[str]) -> str:
    """Return the sentence for an unknown key: the near one, or all known ones."""
    hint = f"did you mean {near!r}?" if near else f"the known ones here are {', '.join(known)}"
    return f"unknown key {key!r}; {hint}"


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
