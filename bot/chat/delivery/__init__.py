"""One answer for all deliveries of a message: in time, repeated, late, or without the store."""
