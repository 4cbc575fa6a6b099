"""/api/accounts/lookup: both directions, for those with the token; and its description."""

import json
from typing import Any

import pytest
import requests

from tests.conftest import Served
from tests.visiting import Serve, facts

TOKEN = "api-token-0123456789"
NUMBER = "+8613800138000"


@pytest.fixture
def site(serve: Serve) -> Served:
    site = serve(api_token=TOKEN)
    site.parts.site.account.people.bindings.bind("openid-1", NUMBER, "union-1")
    return site


def ask(site: Served, body: Any, token: str = TOKEN, **headers: str) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} | headers
    return requests.post(f"{site.url}/api/accounts/lookup", data=data, headers=headers, timeout=60)


@pytest.mark.parametrize("wanted", [{"openid": "openid-1"}, {"phone": NUMBER}, {"unionid": "union-1"}])
def test_a_person_is_found_by_any_of_their_names(site: Served, wanted: dict[str, str]) -> None:
    answer = ask(site, wanted)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    found = answer.json()
    assert isinstance(found.pop("since"), int)
    assert found == {"openid": "openid-1", "phone": NUMBER, "unionid": "union-1"}


@pytest.mark.parametrize("wanted", [{"openid": "x"}, {"phone": "+8613900139000"}, {"unionid": "nobody"}])
def test_nobody_is_a_404_with_words(site: Served, wanted: dict[str, str]) -> None:
    answer = ask(site, wanted)
    assert answer.status_code == 404
    assert answer.json()["error"]


BAD = [
    b"", b"{", b"[]", b'"x"', b"null", {}, {"openid": 1}, {"openid": ""}, {"openid": None}, {"name": "x"},
    {"phone": "\ud800"}, {"unionid": "é"}, {"phone": "13800138000"}, {"phone": "+0"}, {"openid": "x" * 65},
    {"openid": "x", "phone": "y"}, {"phone": {"$ne": 1}}, b"[" * 4000, b"x" * 9000, b"\xff",
    b'{"openid": "\\ud800"}', {"phone": "+86 138"},
]  # fmt: skip


@pytest.mark.parametrize("body", BAD, ids=lambda body: str(body)[:20])
def test_anything_else_is_a_400_with_words(site: Served, body: Any) -> None:
    answer = ask(site, body)
    assert answer.status_code == 400
    assert "exactly one" in answer.json()["error"]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "\xe9"])
def test_nobody_without_the_token_learns_anything(site: Served, token: str) -> None:
    answer = ask(site, {"openid": "openid-1"}, token=token.encode("utf-8").decode("latin-1"))
    assert answer.status_code == 401
    assert answer.content == b""


def test_guessing_tokens_is_limited_by_address(site: Served) -> None:
    statuses = [ask(site, {}, token="x", **{"X-Forwarded-For": "10.9.9.9"}).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    assert ask(site, {"openid": "openid-1"}).status_code == 200, "others are not locked out"


def test_without_a_token_in_the_settings_it_is_off(serve: Serve) -> None:
    site = serve()
    assert ask(site, {"openid": "x"}).status_code == 404
    assert ask(site, {"openid": "x"}, token="").status_code == 404


def test_a_number_never_reaches_a_log(site: Served, log: pytest.LogCaptureFixture) -> None:
    ask(site, {"phone": NUMBER})
    assert facts(log, "bot.request")
    assert not [record for record in log.records if NUMBER in str(record.__dict__)]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods_say_what_to_use(site: Served, method: str) -> None:
    answer = requests.request(method, f"{site.url}/api/accounts/lookup", timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "POST" in answer.json()["error"]


def test_the_description_is_what_the_api_does(site: Served) -> None:
    api = requests.get(f"{site.url}/api/openapi.json", timeout=60).json()
    assert api["openapi"].startswith("3.")
    assert list(api["paths"]) == ["/api/accounts/lookup"]
    said = api["paths"]["/api/accounts/lookup"]["post"]["responses"]
    asked = (({"phone": NUMBER}, TOKEN), ({}, TOKEN), ({"phone": "x"}, TOKEN), ({}, "x"))
    seen = {str(ask(site, body, token=token).status_code) for body, token in asked}
    assert seen <= set(said)
    binding = api["components"]["schemas"]["Binding"]
    found = ask(site, {"phone": NUMBER}).json()
    assert set(found) == set(binding["properties"]) == set(binding["required"])
    kinds = {"string": str, "integer": int}
    assert all(isinstance(found[name], kinds[rule["type"]]) for name, rule in binding["properties"].items())
    assert set(api["components"]["schemas"]["Wanted"]["properties"]) == {"openid", "phone", "unionid"}
