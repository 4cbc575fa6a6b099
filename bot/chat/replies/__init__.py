"""The kinds of reply. Each has a form as the answer to a delivery and a form as a push.

Nothing here may send a reply or read deliveries.
"""
