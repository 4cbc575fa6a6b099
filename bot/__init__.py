"""The engine. It knows WeChat's rules. The account's own words, pages and menu are in `handlers/`.

It must not import `handlers`: only commands and entry points do. docs/architecture.md describes the packages.
"""
