"""The engine's own sentences to users. Their text is the account's: `handlers/wording.py` fills this in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """`sorry`: a handler failed. `still_working`: an answer will come later. `more`: what users type to
    read on when a text was cut; `more_hint`: the line under a cut text that says so."""

    sorry: str
    still_working: str
    more: str
    more_hint: str
