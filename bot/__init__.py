"""The engine: knows WeChat's rules, not this account's words (those live in `handlers/`)."""
