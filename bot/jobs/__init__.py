"""Work that outlives a request. The outbox in the store keeps each job; Huey's queue wakes a worker."""
