"""A call of WeChat's API that is given up soon, beside others that have all their time."""

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter


def hurry(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Let calls of this process whose URL has `part` wait for an answer a twentieth of the time that they ask
    for."""
    send = HTTPAdapter.send

    def in_a_hurry(adapter: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if part in request.url and kwargs.get("timeout") is not None:
            kwargs["timeout"] /= 20
        return send(adapter, request, *args, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", in_a_hurry)
