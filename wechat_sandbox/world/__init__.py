"""The state of the simulated world: one file per kind of thing, put together in `world.py`."""
