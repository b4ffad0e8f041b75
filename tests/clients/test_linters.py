"""openapi.json holds what Redocly and Spectral recommend."""

from __future__ import annotations

import pytest

from tests.clients.tools import OPENAPI, run

pytestmark = pytest.mark.timeout(300)
LINTERS = [("redocly", "lint", str(OPENAPI)), ("spectral", "lint", "-r", "spectral.yaml", "-F", "hint", str(OPENAPI))]


@pytest.mark.parametrize("command", LINTERS, ids=[command[0] for command in LINTERS])
def test_linters_find_nothing(command: tuple[str, ...]) -> None:
    assert "warning" not in run(*command).lower()
