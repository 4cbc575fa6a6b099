"""Fixtures of the scenarios: a sandbox and an account (bench/account.py) for each test."""

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
