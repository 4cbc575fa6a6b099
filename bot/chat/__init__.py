"""A message's way, one file per step, in this order:

endpoint -> gate (envelope, xml, messages) -> dedup -> router -> answer -> seal -> endpoint
"""
