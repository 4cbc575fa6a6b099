"""WeChat and an account whose handlers can be seen from outside, each of the test's own."""

from collections.abc import Iterator

import pytest

from bench.account import Account
from tests.launch import Sandbox, start_sandbox


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox() as sandbox:
        yield sandbox
