from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from functions import logs


@pytest.fixture(scope="module", autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Starting a runtime sets up the whole process's logging."""
    root, noisy = logging.getLogger(), [logging.getLogger(name) for name in logs.NOISY]
    before, level, disabled = list(root.handlers), root.level, [logger.disabled for logger in noisy]
    yield
    root.handlers, root.level = before, level
    for logger, was in zip(noisy, disabled, strict=True):
        logger.disabled = was
