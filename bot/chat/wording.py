"""The sentences that the engine sends to users. `handlers/wording.py` has their text.

The engine itself must not contain texts for users.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """`sorry` is sent if a handler fails. `still_working` is sent if the reply will be the answer to the
    user's next message. Users type `more` to get the rest of a text that was cut, and the replies that
    WeChat did not allow to push; `more_hint` is the line that explains this."""

    sorry: str
    still_working: str
    more: str
    more_hint: str
