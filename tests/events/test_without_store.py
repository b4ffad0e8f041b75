"""Objects whose tasks others submit, followed over the real service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.events.wiring import open_handler
from functions.settings import Settings
from functions.upstream.credentials import CredentialSource
from tests.support.samples import event_sample
from tests.support.virtual_service import Account, instance_over
from tests.support.virtual_time import run

RULE = '[[rule]]\nbucket = "testbucket"\nproduct = "cdn"\nurl = "https://img.example.com/{key}"\n'


def event_about(key: str) -> bytes:
    record = json.loads(event_sample("native-put"))["events"][0]
    return json.dumps({"events": [record | {"oss": record["oss"] | {"object": {"key": key}}}]}).encode()


def followed(rules: Path, key: str, *submitted: tuple[str, str]) -> list[dict[str, Any]]:
    """The tasks that are reported for an object; others submitted these paths and types, the newest first."""

    async def main() -> list[dict[str, Any]]:
        account = Account()
        for age, (path, object_type) in enumerate(submitted):
            account.tasks.add("cdn", [path], object_type=object_type, age=100 + age)
        handler = open_handler(Settings(rules_path=rules), instance_over(account), CredentialSource({}))
        (about,) = json.loads((await handler.handle(event_about(key))).body)["objects"]
        tasks: list[dict[str, Any]] = about["report"]["tasks"]
        return tasks

    rules.write_text(RULE)
    return run(main())


def test_a_task_above_the_object_is_reported_and_named_as_such_case_u5(tmp_path: Path) -> None:
    tasks = followed(
        tmp_path / "rules.toml",
        "a/logo.png",
        ("https://img.example.com/b/", "directory"),
        ("https://img.example.com/.*.png", "regex"),
        ("https://img.example.com/a/logo.png", "file"),
        ("https://img.example.com/a/", "directory"),
    )
    assert [task["match"] for task in tasks] == ["regex", "exact", "directory"]
    assert [row["match"] for task in tasks for row in task["objects"]] == ["regex", "exact", "directory"]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("logo@2x.png", "logo@2x.png"),
        ("photo (1).png", "photo%20(1).png"),
        ("a,b;c=d&e!.js", "a,b;c=d&e!.js"),
    ],
)
def test_a_key_is_found_in_the_browsers_spelling_case_u1(tmp_path: Path, key: str, path: str) -> None:
    (task,) = followed(tmp_path / "rules.toml", key, (f"https://img.example.com/{path}", "file"))
    assert task["match"] == "exact"
