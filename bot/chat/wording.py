"""The sentences that the engine itself says to users. `handlers/wording.py` has their text.

The engine must not have words of its own for users.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """`sorry` is sent if a handler fails. `still_working` is sent if the answer comes with the user's next
    message. Users type `more` to get the rest of a text that was cut; `more_hint` is the line under the first
    part that tells them."""

    sorry: str
    still_working: str
    more: str
    more_hint: str
