"""The HTTP routes on a real socket, over a service that says what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
from jsonschema import Draft202012Validator

from functions.model import TaskKey
from functions.products.submit.rejections import Accepted
from functions.server import Components, create_app, web_server
from functions.settings import Settings
from functions.tasks.query import ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.report import (
    NotFound,
    ObjectCounts,
    Outcome,
    Problem,
    Quota,
    QuotaReport,
    Summary,
    Task,
    TaskList,
    TaskObject,
    TaskReport,
)
from functions.tasks.results import ListAnswer, LookupAnswer, QuotaAnswer, Tasks, Timing
from functions.tasks.submit import Submission, SubmitAnswer, report_on
from tests.support.eventually import GIVE_UP_SECONDS, eventually

OPENAPI = Path(__file__).parent.parent.parent / "functions" / "web" / "openapi.json"
VERSION = "9f3c0a"


async def nothing() -> None:
    pass


class StubTasks:
    """Answers every question with what it holds, and keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[LookupQuery | ListQuery] = []
        self.lookup_answer = LookupAnswer(
            report=report(), retry_after=2, timings=(Timing("cdn", 0.0123, 1), Timing("vod", 0.1, 3))
        )
        self.list_answer = ListAnswer(page=TaskList(tasks=(task(),), problems=()))
        self.submissions: list[Submission] = []
        self.submit_work: Callable[[Submission], Awaitable[SubmitAnswer]] = all_accepted
        self.quota_answer = QuotaAnswer(report=quotas(), timings=(Timing("cdn", 0.01, 1),))
        self.scopes: list[Scope] = []
        self.quota_products: tuple[str, ...] | None = None
        self.job_tasks: tuple[RequestedId, ...] | None = None
        self.jobs_asked: list[tuple[str, str]] = []
        self.fault: Exception | None = None
        self.closed = 0
        self.settled = 0
        self.settling: Callable[[], Awaitable[None]] = nothing

    async def lookup(self, query: LookupQuery) -> LookupAnswer:
        self._note(query)
        return self.lookup_answer

    async def list(self, query: ListQuery) -> ListAnswer:
        self._note(query)
        return self.list_answer

    async def quota(self, scope: Scope, products: tuple[str, ...] | None = None) -> QuotaAnswer:
        self.scopes.append(scope)
        self.quota_products = products
        if self.fault:
            raise self.fault
        return self.quota_answer

    async def job(self, product: str, job_id: str, query: LookupQuery) -> LookupQuery | None:
        self.jobs_asked.append((product, job_id))
        if self.fault:
            raise self.fault
        return None if self.job_tasks is None else msgspec.structs.replace(query, ids=self.job_tasks)

    async def settle(self) -> None:
        await self.settling()
        self.settled += 1

    async def follow_urls(self, product: str, urls: tuple[str, ...]) -> LookupAnswer:
        return self.lookup_answer

    async def submit(self, submission: Submission) -> SubmitAnswer:
        self.submissions.append(submission)
        return await self.submit_work(submission)

    async def close(self) -> None:
        self.closed += 1

    def _note(self, query: LookupQuery | ListQuery) -> None:
        self.questions.append(query)
        if self.fault:
            raise self.fault

    @property
    def lookup_question(self) -> LookupQuery:
        question = self.questions[-1]
        assert isinstance(question, LookupQuery)
        return question

    @property
    def list_question(self) -> ListQuery:
        question = self.questions[-1]
        assert isinstance(question, ListQuery)
        return question


class RelayedTasks:
    """Passes every question on to the stub of the test that runs."""

    def __init__(self) -> None:
        self.behind = StubTasks()

    async def lookup(self, query: LookupQuery) -> LookupAnswer:
        return await self.behind.lookup(query)

    async def list(self, query: ListQuery) -> ListAnswer:
        return await self.behind.list(query)

    async def quota(self, scope: Scope, products: tuple[str, ...] | None = None) -> QuotaAnswer:
        return await self.behind.quota(scope, products)

    async def job(self, product: str, job_id: str, query: LookupQuery) -> LookupQuery | None:
        return await self.behind.job(product, job_id, query)

    async def settle(self) -> None:
        pass

    async def follow_urls(self, product: str, urls: tuple[str, ...]) -> LookupAnswer:
        return await self.behind.follow_urls(product, urls)

    async def submit(self, submission: Submission) -> SubmitAnswer:
        return await self.behind.submit(submission)


class FiguredTasks(StubTasks):
    def figures(self) -> object:
        return {"cdn": {"calls": 3}}


async def all_accepted(submission: Submission) -> SubmitAnswer:
    """One new task for all URLs."""
    accepted = (Accepted(submission.object_paths, (TaskKey(submission.product, "4711"),)),)
    return SubmitAnswer(report=report_on(submission, accepted, ()), accepted=accepted, seconds=0.0123, calls=1)


def quotas(*problems: Problem) -> QuotaReport:
    left = Quota(product="cdn", kind="url", quota=10_000, remaining=9_990)
    return QuotaReport(quotas=(left,), checked_at="2026-11-22T03:33:10.120Z", problems=problems)


def task(rows: int = 1) -> Task:
    row = TaskObject(
        object_path="http://example.com/a.jpg", status="running", progress=99.05, raw_status="Refreshing", error=None
    )
    return Task(
        id="cdn:24840",
        product="cdn",
        task_id="24840",
        action="refresh",
        object_type="file",
        status="running",
        done=False,
        progress=74.68,
        created_at="2026-11-22T03:31:00Z",
        expires_at="2026-11-25T03:31:00Z",
        checked_at="2026-11-22T03:33:10.120Z",
        stale=False,
        object_counts=ObjectCounts(total=rows, running=rows),
        objects=(row,) * rows,
        objects_omitted=0,
    )


def report(*, rows: int = 1, done: bool = False) -> TaskReport:
    figures = {"asked": 2, "found": 1, "not_found": 1, "undecided": 0, "pending": 0, "running": 1, "complete": 0}
    return TaskReport(
        tasks=(task(rows),),
        not_found=(NotFound(id="998", products=("cdn", "dcdn", "vod"), may_appear=True),),
        undecided=(),
        problems=(),
        summary=Summary(
            **figures,
            failed=0,
            timeout=0,
            canceled=0,
            unknown=0,
            progress=74.68,
            done=done,
            outcome=Outcome.SUCCEEDED if done else None,
        ),
        version=VERSION,
    )


@contextmanager
def serving(
    settings: Settings, tasks: Tasks, *, linger: bool = False, streaming: bool = True, **parts: Any
) -> Iterator[httpx.Client]:
    """The routes on a socket of their own; every answer that the client gets is held against the contract.

    With `linger`, nobody waits until the server has noticed that it is over, which takes it some tenths of a second.
    """
    server = web_server(
        create_app(Components(settings=settings, tasks=tasks, **parts), streaming=streaming), settings, 0
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    hooks = {"response": [_hold_against_the_contract]}
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", event_hooks=hooks, trust_env=False, timeout=GIVE_UP_SECONDS
        ) as client:
            yield client
    finally:
        server.should_exit = True
        if not linger:
            thread.join(10)


def problem(response: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    """The problem document of an answer that must be one."""
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert (response.status_code, document["reason"]) == (status, reason), document
    assert document["status"] == status
    assert document["type"] == f"urn:cdn-task-status:{reason}"
    assert document["title"]
    return document


def _hold_against_the_contract(response: httpx.Response) -> None:
    response.read()
    headers = response.headers
    assert headers["access-control-allow-origin"] not in {"", "*", "null"}
    assert "ETag" in headers["access-control-expose-headers"]
    assert headers["x-request-id"]
    assert headers["cache-control"] == "no-store, no-transform"
    assert headers["vary"].startswith("Accept, Authorization, Origin")
    if response.content:
        validate(response)


def validate(response: httpx.Response) -> None:
    """Hold an answer's body against what openapi.json says; of other routes, that their errors are problems."""
    document = _openapi()
    operation = document["paths"].get(response.request.url.path, {}).get(response.request.method.lower())
    if operation:
        described = _resolved(operation["responses"][str(response.status_code)])
        schema = described["content"][response.headers["content-type"]]["schema"]
    elif response.is_error:
        schema = {"$ref": "#/components/schemas/ProblemDocument"}
    else:
        schema = {"type": "object"}
    Draft202012Validator({**schema, "components": document["components"]}).validate(response.json())


def _resolved(described: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in described:
        return described
    found: dict[str, Any] = _openapi()["components"]["responses"][described["$ref"].rpartition("/")[2]]
    return found


@cache
def _openapi() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(OPENAPI.read_text("utf-8"))
    return document
