"""Sends messages to the account's server and reads the replies. One file per step, in this order:

`payload` (the XML) -> `request` (signed, and encrypted with `envelope`) -> `delivery` (all tries of one
message) -> `attempt` (one try) -> `reply_body` (decrypts the reply) -> `reply_check` (checks it).
`verification` sends the GET that checks a server URL before it is saved.
"""
