"""Requests that schemathesis makes up from openapi.json find no fault. `make soak` sends many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.testing import Emulator
from tests.clients.fuzz import CLAIMS, fuzz

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    ("way_in", "phases"),
    [("without a token", "coverage,stateful"), ("with a narrow token", "examples,fuzzing,stateful")],
)
def test_no_made_up_request_finds_a_fault(emu: Emulator, tmp_path: Path, way_in: str, phases: str) -> None:
    told = fuzz(emu, CLAIMS[way_in], cases=3, seed=1, cwd=tmp_path, seconds=280, phases=phases)
    assert "Stateful" in told
