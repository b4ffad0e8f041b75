"""Inputs that a fuzzer found worth keeping, each by itself (bench/soak/fuzz.py finds more)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fuzz_targets import CORPUS, TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_kept_holds(name: str) -> None:
    kept = sorted((CORPUS / name).iterdir())
    assert kept
    for path in kept:
        TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 5_000, b"\xff\xfe", b'{"a":' * 2_000], ids=range(5))
def test_awkward_bytes_hold(name: str, data: bytes) -> None:
    TARGETS[name](data)


def test_nothing_kept_is_without_a_target() -> None:
    assert {path.name for path in Path(CORPUS).iterdir()} == set(TARGETS)
