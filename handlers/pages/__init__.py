"""The web pages of the account. docs/pages.md explains how to write one."""
