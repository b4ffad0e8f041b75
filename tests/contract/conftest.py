"""The SDKs are imported before the first test: a deadline in a test is for the vendor's answer, not for an import."""

from __future__ import annotations

import importlib

import pytest

from functions.products.registry import SPECS


@pytest.fixture(scope="session", autouse=True)
def _imported_sdks() -> None:
    for spec in SPECS.values():
        for module in ("client", "models"):
            importlib.import_module(f"{spec.sdk_package}.{module}")
