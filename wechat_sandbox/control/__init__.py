"""The control API under `/_sandbox/`: acts of users, the state of the sandbox, settings and faults."""
