"""A short timeout for one call of WeChat's API: only that call times out, however slow the machine is."""

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter


def shorten_timeout(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Divide the timeout of every call from this process whose URL contains `part` by twenty."""
    send = HTTPAdapter.send

    def send_shortened(adapter: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if part in request.url and kwargs.get("timeout") is not None:
            kwargs["timeout"] /= 20
        return send(adapter, request, *args, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", send_shortened)
