"""The peers of `bench.callback`. Each answers a text with the same text.

They run in an environment of their own, not in the project's.
"""
