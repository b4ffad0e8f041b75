from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator.events.function_host import Function, running_function


@pytest.fixture
def function() -> Iterator[Function]:
    with running_function() as host:
        yield host
