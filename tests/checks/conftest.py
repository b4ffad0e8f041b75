"""A stand-in edge and origin on sockets of their own, the emulator for the products, and the web function over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from emulator.testing import Emulator, running_emulator
from tests.support.real_service import LIFTED
from tests.support.stand_in import Reply, StandIn, http, raw, standing_in
from tests.support.web_function import Web, web_over

HOST = "img.example.com"
URL = f"http://{HOST}/a.css?v=2"


@pytest.fixture
def emu() -> Iterator[Emulator]:
    with running_emulator(samples=False, limits=False) as emulator:
        yield emulator


class Stage:
    """Puts an edge and an origin up, and asks about them."""

    def __init__(self, emu: Emulator, stack: ExitStack) -> None:
        self._emu = emu
        self._stack = stack
        self.stand_in = StandIn()
        self.web: Web

    def opens(self, edge: bytes | Reply, origin: bytes | Reply, **settings: Any) -> Stage:
        replies = {"edge": _reply(edge), "origin": _reply(origin)}
        self.stand_in = self._stack.enter_context(standing_in(replies))
        sites = {
            "checks": f"{HOST}=http://127.0.0.1:{self.stand_in.ports['origin']}",
            "edge_endpoint": f"http://127.0.0.1:{self.stand_in.ports['edge']}",
        }
        self.web = self._stack.enter_context(web_over(self._emu, **LIFTED, **{**sites, **settings}))
        return self

    def report(self, url: str = URL) -> dict[str, Any]:
        answer = self.web.client.post("/v1/checks", json={"url": url})
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report


def _reply(answer: bytes | Reply) -> Reply:
    return raw(answer) if isinstance(answer, bytes) else answer


def page(body: str, *headers: str, status: int = 200) -> bytes:
    return http(status, body.encode(), *headers)


@pytest.fixture
def stage(emu: Emulator) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(emu, stack)
