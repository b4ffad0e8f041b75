"""Clients that people generate from openapi.json work against the running service: case R3."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from emulator.testing import Emulator
from tests.clients.tools import LISTED, OPENAPI, run, service_over
from tests.support.web_function import Web

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service(emu: Emulator) -> Iterator[Web]:
    with service_over(emu) as web:
        yield web


@pytest.fixture(scope="module")
def typescript() -> None:
    """Both clients are generated, and pass the compiler with the code that uses them."""
    run("openapi-typescript", str(OPENAPI), "-o", "generated/schema.d.ts")
    run("orval", "--config", "orval.config.mjs")
    run("tsc", "-p", ".")


@pytest.mark.usefixtures("typescript")
def test_openapi_fetch_submits_looks_up_waits_and_lists_to_the_end(service: Web) -> None:
    told = json.loads(run("node", "fetch.ts", str(service.client.base_url)))
    assert told["listed"] == LISTED
    assert (told["submitted"], told["found"], told["outcome"]) == (1, 1, "succeeded")
    assert (told["quotas"] > 3, told["submit"], told["refused"]) == (True, True, "invalid-request")


@pytest.mark.usefixtures("typescript")
def test_zod_schemas_pass_questions_and_answers_unchanged(service: Web) -> None:
    told = json.loads(run("node", "zod.ts", str(service.client.base_url)))
    assert told["lookup"] == {"taskId": ["cdn:24840"]}
    assert told["list"] == {"product": ["cdn"], "pageSize": 2}
    assert [task["id"] for task in told["report"]["tasks"]] == LISTED[:1]
    assert [task["id"] for task in told["page"]["tasks"]] == LISTED[:2]
    assert told["page"]["nextPageToken"]
    assert (told["submitted"], told["capabilities"]["submit"]) == (202, True)


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package that openapi-python-client makes, importable for a while."""
    folder = tmp_path_factory.mktemp("client")
    made = run(
        "openapi-python-client", "generate", "--path", str(OPENAPI), "--meta", "none",
        "--config", "python-client.yaml", "--output-path", str(folder / "task_status_client"),
    )  # fmt: skip
    assert "warning" not in made.lower()
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith("task_status_client")]:
        del sys.modules[name]


def part(name: str) -> ModuleType:
    return importlib.import_module(f"task_status_client.{name}")


@pytest.mark.usefixtures("python_client")
def test_openapi_python_client_does_the_same(service: Web) -> None:
    with part("client").Client(base_url=str(service.client.base_url), raise_on_unexpected_status=True) as client:
        use(client)
    asyncio.run(use_asynchronously(service))


def use(client: Any) -> None:
    tasks, models = part("api.tasks.tasks"), part("models")
    paths = ["https://www.example.com/new.jpg"]
    body = models.Submission(action=models.SubmissionAction.REFRESH, product="cdn", object_paths=paths)
    made = part("api.tasks.submit_tasks").sync(client=client, body=body)
    (task,) = made.tasks
    assert tasks.sync(client=client, task_id=[task.id]).summary.found == 1
    waited = part("api.tasks.query_tasks").sync(client=client, body=models.Question(task_id=[task.id], wait=55))
    assert waited.summary.outcome == "succeeded"

    listed, token = [], part("types").UNSET
    while True:
        page = tasks.sync(client=client, domain_name="b.com", page_size=2, page_token=token)
        listed += [each.id for each in page.tasks]
        token = page.next_page_token
        if not token:
            break
    assert listed == LISTED
    assert len(part("api.tasks.quota").sync(client=client).quotas) > 3
    refused = tasks.sync(client=client, task_id=["abc"])
    assert (refused.reason, refused.errors[0].parameter) == ("invalid-request", "taskId")


async def use_asynchronously(service: Web) -> None:
    async with part("client").Client(base_url=str(service.client.base_url)) as client:
        assert (await part("api.service.capabilities").asyncio(client=client)).submit
