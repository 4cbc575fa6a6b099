"""Give all deliveries of a message one answer: in time, repeated, late, or without the store.

Nothing here may look at bytes or call a handler directly. docs/flow.md has the rules and their reasons.
"""
