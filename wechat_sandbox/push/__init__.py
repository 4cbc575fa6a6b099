"""Send messages to the account's server and read the replies. There is one file per step, in this order:

`payload` (the XML) -> `request` (signed, and encrypted with `envelope`) -> `delivery` (all tries of one
message) -> `attempt` (one try) -> `reply_body` (decrypts the reply) -> `reply_check` (checks it).
`verification` sends the GET that checks a server URL before it is saved.
"""
