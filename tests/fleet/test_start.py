"""Sharing is optional: who does not ask for it pays nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from functions.errors import SettingsError
from functions.settings import read_settings
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource

ROOT = Path(__file__).parents[2]
LOADED = """
import asyncio, sys
from functions.server import compose
from functions.settings import read_settings
async def main():
    compose(read_settings({}))
asyncio.run(main())
print(*(name for name in sys.modules if "redis" in name or ".shared" in name))
"""


def test_without_the_setting_nothing_of_it_is_imported() -> None:
    told = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


def test_a_service_starts_and_ends_without_its_server_being_there() -> None:
    async def main() -> None:
        await build_service(
            read_settings({"TASK_STATUS_SHARED": "redis://127.0.0.1:9/0"}), CredentialSource({})
        ).close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "rediss://user:p%40ss-top-secret@r-1.redis.rds.aliyuncs.com:6379/15",
        "redis://:top-secret@[::1]:6379",
    ],
)
def test_an_address_of_a_server_is_taken_as_it_is(url: str) -> None:
    settings = read_settings({"TASK_STATUS_SHARED": url})
    assert settings.shared == url
    assert "top-secret" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    ["http://h", "redis://", "redis://u:top-secret@h:port", "redis://h/db", "redis://h/0?socket_timeout=9", "h:6379"],
)
def test_what_is_no_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="TASK_STATUS_SHARED: the value cannot be used") as refused:
        read_settings({"TASK_STATUS_SHARED": url})
    assert "top-secret" not in str(refused.value)
