"""The server: worker processes, each with deliveries on an event loop, and pages and handlers in threads."""
