"""Fixtures for everybody: one emulator for the session, as new for each test."""

from __future__ import annotations

import importlib
import io
import logging
import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from emulator.testing import Emulator, running_emulator
from functions import logs
from functions.logs import JsonLines
from functions.products.registry import SPECS

# No test may hang on the machine's speed.
settings.register_profile("repository", deadline=None)
settings.load_profile("repository")

SECRETS = re.compile(
    r"(?:ACS3|OSS4)-HMAC-SHA256(?!&)|Signature=(?!\[hidden\])|top-secret|whsec_|Bearer ey", re.IGNORECASE
)
"""What no line of any log may hold: signatures, and the secrets that tests use."""


class _Eavesdropper(logging.Handler):
    """Reads every line that the whole suite logs, as the functions would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if SECRETS.search(line):
            self.heard.append(line)


_eavesdropper = _Eavesdropper()


@pytest.fixture(autouse=True)
def _no_secret_is_logged() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.addHandler(_eavesdropper)
    _eavesdropper.heard.clear()
    yield
    root.removeHandler(_eavesdropper)
    root.setLevel(before)
    assert not _eavesdropper.heard


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the functions write to the log, as lines of JSON."""
    root = logging.getLogger()
    before = (
        root.handlers,
        root.level,
        [(logging.getLogger(name), logging.getLogger(name).disabled) for name in logs.NOISY],
    )
    stdout = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stdout)
    logs.configure("INFO")
    yield stdout
    root.handlers, root.level = before[0], before[1]
    for logger, disabled in before[2]:
        logger.disabled = disabled


@pytest.fixture(scope="session")
def _session_emulator() -> Iterator[Emulator]:
    with running_emulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def _imported_sdks() -> None:
    """A deadline in a test is for the vendor's answer, not for the import of an SDK, which takes seconds."""
    for spec in SPECS.values():
        for module in ("client", "models"):
            importlib.import_module(f"{spec.sdk_package}.{module}")


@pytest.fixture
def emu(_session_emulator: Emulator, _imported_sdks: None) -> Emulator:
    _session_emulator.reset()
    return _session_emulator


@pytest.fixture(autouse=True)
def _no_ambient_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may meet credentials, proxies or settings of the machine it runs on."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"):
        monkeypatch.delenv(f"ALIBABA_CLOUD_{name}", raising=False)
