"""The steps of a message, with one file for each step:

    1 endpoint -> 2 gate -> 3 record -> 4 router -> 5 handler -> 6 answer -> 7 seal -> endpoint

`wire/` reads and writes WeChat's bytes, `delivery/` has record and answer, `replies/` the kinds of reply.
`message_way.py` builds the parts. Nothing here may import pages, or call WeChat except through the account
(`bot/account.py`). See docs/flow.md.
"""
