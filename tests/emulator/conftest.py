from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.testing import Emulator, ManualClock, running_emulator


@pytest.fixture
def emu() -> Iterator[Emulator]:
    """An emulator with its samples and limits."""
    with running_emulator() as emulator:
        yield emulator


@pytest.fixture
def clock() -> ManualClock:
    """The time in `still`."""
    return ManualClock()


@pytest.fixture
def still(clock: ManualClock) -> Iterator[Emulator]:
    """An empty emulator in which time stands still until `clock` is advanced."""
    with running_emulator(samples=False, clock=clock) as emulator:
        yield emulator
