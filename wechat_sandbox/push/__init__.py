"""A message's way to the account's server and back, one file per step:
payload (its XML) -> request (signed, sealed with the envelope) -> series (tries) -> attempt (one try)
-> unseal -> judge (the answer). `verification` is the GET that comes before all of it.
"""
