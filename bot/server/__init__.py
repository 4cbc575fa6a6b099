"""The server: deliveries on one event loop, pages and handlers in threads, a supervisor of processes."""
