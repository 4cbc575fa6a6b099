"""The sandbox, tested from outside: real HTTP, a scripted callback server, and a client that others wrote."""
