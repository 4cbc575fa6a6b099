"""Buttons as an operator writes them."""

from typing import Any

Button = dict[str, Any]


def click(name: str = "a", key: str = "k") -> Button:
    return {"type": "click", "name": name, "key": key}


def view(url: str = "https://a.example/", name: str = "a") -> Button:
    return {"type": "view", "name": name, "url": url}


def parent(*subs: Any, name: str = "p") -> Button:
    return {"name": name, "sub_button": list(subs)}
