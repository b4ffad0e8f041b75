"""The real service over an account whose new tasks look two minutes old, so that what is over is settled at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from emulator.testing import Emulator, Transition, running_emulator
from tests.support.command import environment
from tests.support.gateway import Gateway, gateway_to
from tests.support.web_function import Web, web_over

AGE_SECONDS = 120.0
SECRET = "top-secret-of-the-tests-and-of-nobody-else"


class _EarlierClock:
    def now(self) -> float:
        return time.time() - AGE_SECONDS


@pytest.fixture(scope="session")
def _session_account() -> Iterator[Emulator]:
    with running_emulator(clock=_EarlierClock(), limits=False) as emulator:
        yield emulator


@pytest.fixture
def account(_session_account: Emulator) -> Emulator:
    _session_account.reset()
    _session_account.tasks.submit_transition = Transition()
    return _session_account


@pytest.fixture
def service(account: Emulator) -> Iterator[Web]:
    with web_over(account, submit="on") as web:
        yield web


@pytest.fixture
def url(service: Web) -> str:
    return f"http://127.0.0.1:{service.port}"


@pytest.fixture
def env(url: str) -> dict[str, str]:
    return environment(url)


@pytest.fixture
def gateway(url: str) -> Iterator[Gateway]:
    with gateway_to(url) as gateway:
        yield gateway


@pytest.fixture
def via(gateway: Gateway) -> dict[str, str]:
    """The environment of a command that asks through the gateway."""
    return environment(gateway.url)
