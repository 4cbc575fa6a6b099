"""The handlers of CHAT: the account's answers in the chat. docs/handlers.md explains how to write one."""
