"""Give all deliveries of a message the same answer: in time, repeated, late, or without the store.

Nothing here may read bytes or call a handler directly. docs/flow.md has the rules and their reasons.
"""
