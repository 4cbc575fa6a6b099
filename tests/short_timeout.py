"""Makes one call of WeChat's API time out soon. The others keep their long timeout, for slow machines."""

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter


def shorten_timeout(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Shorten the timeout of this process's HTTP requests to a twentieth if their URL contains `part`."""
    send = HTTPAdapter.send

    def send_shortened(adapter: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if part in request.url and kwargs.get("timeout") is not None:
            kwargs["timeout"] /= 20
        return send(adapter, request, *args, **kwargs)

    monkeypatch.setattr(HTTPAdapter, "send", send_shortened)
