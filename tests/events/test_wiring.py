from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from functions.errors import SettingsError
from functions.events.wiring import open_handler
from functions.settings import Settings
from functions.upstream.credentials import CredentialSource
from functions.upstream.endpoint import Endpoint
from tests.support.oss_in_process import SlowAccount
from tests.support.virtual_service import instance_over
from tests.support.virtual_time import run


def test_submitting_rules_need_a_store(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nbucket = "pics"\nproduct = "cdn"\nurl = "http://h/{key}"\ncreated = ["refresh"]\n')
    bare = Settings(rules_path=path, submit=True)
    stored = Settings(rules_path=path, submit=True, store="oss://kept/status")
    usable = (
        msgspec.structs.replace(stored, region="cn-hangzhou"),
        msgspec.structs.replace(stored, endpoints={"oss": Endpoint("127.0.0.1:9", "HTTP")}),
        msgspec.structs.replace(bare, submit=False),
    )

    async def main() -> None:
        service = instance_over(SlowAccount())
        with pytest.raises(SettingsError, match="TASK_STATUS_STORE"):
            open_handler(bare, service, CredentialSource({}))
        with pytest.raises(SettingsError, match="TASK_STATUS_OSS_ENDPOINT"):
            open_handler(stored, service, CredentialSource({}))
        for settings in usable:
            open_handler(settings, service, CredentialSource({}))

    run(main())
