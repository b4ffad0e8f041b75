from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import Emulator, Row, running_emulator
from packager.build import ROOT, Artifact
from packager.env_file import read_env_file
from packager.rendering import render
from tests.deploy.fc import FC_ENVIRONMENT, Server, served

MODULE_BUDGET = 680
TASKS = "/v1/tasks?taskId=cdn:24840,113681,vod:704225667,999"
KNOWN_TASKS = "/v1/tasks?taskId=cdn:24840,113681,vod:704225667"
"""Found without the store: an id that no product knows is looked for there, with the OSS SDK."""
BOOTSTRAP = ("./bootstrap",)
OSS_EVENT = json.dumps(
    {
        "events": [
            {
                "eventName": "ObjectCreated:PutObject",
                "eventSource": "acs:oss",
                "eventTime": "2026-11-22T06:45:43.000Z",
                "eventVersion": "1.0",
                "region": "cn-hangzhou",
                "oss": {"bucket": {"name": "pics"}, "object": {"key": "img/a+1.png", "eTag": "688A", "size": 1}},
            }
        ]
    }
).encode()
EVENT_HEADERS = {"x-fc-control-path": "/invoke", "x-fc-account-id": FC_ENVIRONMENT["FC_ACCOUNT_ID"]}
CONTRACT = tuple(f"test_{name}.py" for name in ("submitting", "submit_outcomes", "listing_over_sockets"))
"""Those of the contract suite that call every operation; the rest is about time and is not repeated."""
STORE_BUCKET = "my-state"  # of deploy/.env.example
MOVING = {"checkedAt", "requestIds"}
"""Members that differ between two answers about the same tasks."""


@pytest.fixture
def emu() -> Iterator[Emulator]:
    with running_emulator(samples=False) as emulator:
        emulator.tasks.add("cdn", [Row("http://example.com/a.jpg")], task_id="24840", age=600)
        emulator.tasks.add(
            "dcdn", [Row("http://example.com/b.jpg", "Failed", 25, "Origin Timeout")], task_id="113681", age=600
        )
        emulator.tasks.add(
            "vod", [Row("http://example.com/c.mp4")], task_id="704225667", object_type="preload", age=600
        )
        yield emulator


def environment(emu: Emulator, function: str = "task-status") -> Mapping[str, str]:
    """What s.yaml gives the function, but with the emulator for a vendor, without tokens, and with time enough."""
    template = render(ROOT / "s.yaml", read_env_file(ROOT / "deploy" / ".env.example").values)
    given: dict[str, str] = template["resources"][function]["props"]["environmentVariables"]
    endpoints = {f"TASK_STATUS_{name}_ENDPOINT": emu.url for name in ("CDN", "DCDN", "VOD", "OSS")}
    patient = {"TASK_STATUS_DEADLINE_SECONDS": "120", "TASK_STATUS_TIMEOUT_SECONDS": "300"}
    return {**given, **FC_ENVIRONMENT, **endpoints, **patient, "TASK_STATUS_AUTH": "none"}


def packaged(artifact: Artifact, emu: Emulator, tmp_path: Path, **more: str) -> AbstractContextManager[Server]:
    return served(BOOTSTRAP, artifact.code, {**environment(emu), **more}, tmp_path / "packaged.log")


def test_the_package_starts_by_its_bootstrap_and_is_healthy(artifact: Artifact, emu: Emulator, tmp_path: Path) -> None:
    with packaged(artifact, emu, tmp_path) as server:
        assert server.get("/healthz").status == 200
        assert emu.calls.count() == 0


def test_the_package_answers_as_the_working_tree_does(artifact: Artifact, emu: Emulator, tmp_path: Path) -> None:
    with packaged(artifact, emu, tmp_path) as server:
        answer = server.get(TASKS)
    command = (sys.executable, "-m", "functions.server")
    with served(command, ROOT, environment(emu), tmp_path / "working-tree.log") as server:
        expected = server.get(TASKS)
    assert answer.status == expected.status == 200
    assert _settled(json.loads(answer.body)) == _settled(json.loads(expected.body))
    assert [task["id"] for task in json.loads(answer.body)["tasks"]] == ["cdn:24840", "dcdn:113681", "vod:704225667"]
    assert answer.headers.keys() == expected.headers.keys()


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _settled(member) for name, member in value.items() if name not in MOVING}
    return [_settled(member) for member in value] if isinstance(value, list) else value


def test_what_the_page_is_made_of_is_in_the_package(artifact: Artifact, emu: Emulator, tmp_path: Path) -> None:
    source, shipped = ROOT / "functions" / "web", artifact.code / "functions" / "web"
    for path in (path for path in source.iterdir() if path.suffix in {".html", ".js", ".ts", ".css", ".json"}):
        assert (shipped / path.name).read_bytes() == path.read_bytes()
    with packaged(artifact, emu, tmp_path) as server:
        assert server.get("/openapi.json").status == 200


def test_an_event_is_answered_with_its_objects_tasks(artifact: Artifact, emu: Emulator, tmp_path: Path) -> None:
    emu.oss.create_bucket(STORE_BUCKET)
    emu.tasks.add("cdn", [Row("https://img.example.com/img/a%2B1.png")], task_id="31", age=600)
    more = {"TASK_STATUS_RULES": str(artifact.code / "rules.toml")}
    with served(
        BOOTSTRAP, artifact.code, {**environment(emu, "task-events"), **more}, tmp_path / "events.log"
    ) as server:
        answer = server.post("/invoke", OSS_EVENT, EVENT_HEADERS)
        assert server.get(TASKS).status == 404
    (followed,) = json.loads(answer.body)["objects"]
    assert [task["id"] for task in followed["report"]["tasks"]] == ["cdn:31"]
    assert emu.oss.keys(STORE_BUCKET, "cdn-task-status/")


def test_nothing_is_written_beside_the_code(artifact: Artifact, emu: Emulator, tmp_path: Path) -> None:
    before = _files(artifact.code)
    with packaged(artifact, emu, tmp_path) as server:
        assert server.get(TASKS).status == 200
    assert _files(artifact.code) == before


def _files(folder: Path) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in folder.rglob("*")}


def test_without_a_secret_the_deployed_function_is_closed(artifact: Artifact, emu: Emulator, tmp_path: Path) -> None:
    with packaged(artifact, emu, tmp_path, TASK_STATUS_AUTH="jwt") as server:
        answer = server.get(TASKS)
    assert answer.status == 503
    assert b"TASK_STATUS_JWT_SECRET" in answer.body
    assert emu.calls.count() == 0


def test_the_first_answer_keeps_to_its_budget_of_modules(artifact: Artifact, emu: Emulator, tmp_path: Path) -> None:
    emu.oss.create_bucket(STORE_BUCKET)
    with packaged(artifact, emu, tmp_path, PYTHONPROFILEIMPORTTIME="1") as server:
        assert server.get(KNOWN_TASKS).status == 200
    lines = server.output.read_text("utf-8").splitlines()
    answered = next(number for number, line in enumerate(lines) if '"path":"/v1/tasks"' in line)
    before, after = _imported(lines[:answered]), _imported(lines[answered:])
    assert "functions.server" in before or "functions.settings" in before
    assert len(before) <= MODULE_BUDGET, len(before)
    # The tasks that were seen done are kept nevertheless; nobody waits for the store's SDK.
    assert "alibabacloud_oss_v2.client" in after
    kept = [key for key in emu.oss.keys(STORE_BUCKET, "cdn-task-status/tasks/") if "/ids/" in key]
    assert len(kept) == len(KNOWN_TASKS.split(","))


def _imported(lines: list[str]) -> set[str]:
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_the_contract_suite_passes_with_what_is_packaged(artifact: Artifact) -> None:
    command = [
        sys.executable,
        "-P",
        "-B",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:anyio",
        "-o",
        "pythonpath=",
    ]  # -P: the package first
    done = subprocess.run(
        [*command, *(ROOT / "tests" / "contract" / name for name in CONTRACT)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{artifact.code}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
