"""The state of the simulated world. Each file holds one kind of state; `world.py` combines them."""
