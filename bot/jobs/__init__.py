"""Work that outlives a request: an outbox in the store says what must be done, Huey wakes who does it."""
