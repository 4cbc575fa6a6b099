"""A visit's way, one file per step: guard -> state -> exchange -> session."""
