"""The sandbox's own API under `/_sandbox/`: what a thumb does, how the world stands, what shall fail."""
