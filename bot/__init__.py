"""The engine: it follows WeChat's rules. The texts, pages and menu of the account are in `handlers/`.

This package must not import `handlers`: only commands and entry points do. docs/architecture.md describes the
packages.
"""
