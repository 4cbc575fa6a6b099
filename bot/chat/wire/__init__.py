"""Read WeChat's bytes into typed messages, and write replies as bytes: signature, encryption, XML.

Nothing here may run a handler or choose the answer.
"""
