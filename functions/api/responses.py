"""From the service's answers to HTTP: bodies and headers."""

from __future__ import annotations

import math

import msgspec
from cachetools import LRUCache
from starlette.requests import Request
from starlette.responses import Response

from functions.api.encoding import ReportEncoder
from functions.api.negotiation import Representation, already_has
from functions.tasks.lookup.poll_interval import SOON_SECONDS
from functions.tasks.report import Problem, TaskReport
from functions.tasks.results import ListAnswer, LookupAnswer, QuotaAnswer, Timing
from functions.tasks.submit import SubmitAnswer

LONGEST_LOCATION = 2_048
"""Function Compute takes 4 KB of path and query (docs/function-compute.md 2.5); clients append parameters."""
_READS = {"GET", "HEAD"}
_KEPT_BYTES = 4 * 1024 * 1024


class Encoder:
    """Encodes a report once for all callers that are given the same object, as those are who waited for it together."""

    def __init__(self) -> None:
        """The cache is bounded in bytes. It holds the reports too, so that no other object takes over their id()."""
        self._encoded: LRUCache[int, tuple[TaskReport, bytes]] = LRUCache(
            _KEPT_BYTES, getsizeof=lambda kept: len(kept[1])
        )
        self._reports = ReportEncoder()

    def encode(self, report: TaskReport) -> bytes:
        """JSON."""
        kept = self._encoded.get(id(report))
        if kept is not None:
            return kept[1]
        body = self._reports.encode(report)
        if len(body) <= _KEPT_BYTES:
            self._encoded[id(report)] = (report, body)
        return body


def lookup_response(request: Request, answer: LookupAnswer, encoder: Encoder) -> Response:
    """A report; 304 without a body when a GET or HEAD names its version."""
    headers = {"ETag": f'W/"{answer.report.version}"', **_server_timing(answer.timings)}
    if answer.retry_after is not None:
        headers["Retry-After"] = str(answer.retry_after)
    held = ", ".join(request.headers.getlist("if-none-match"))
    if request.method in _READS and already_has(held, answer.report.version):
        return Response(status_code=304, headers=headers)
    return Response(encoder.encode(answer.report), headers=headers, media_type=Representation.JSON)


def list_response(answer: ListAnswer) -> Response:
    """One page of a list; `Retry-After` when a product could not answer but may later."""
    return json_response(answer.page, {**_retry_after(answer.page.problems), **_server_timing(answer.timings)})


def quota_response(answer: QuotaAnswer) -> Response:
    """What is left of quotas; `Retry-After` as in a list."""
    return json_response(answer.report, {**_retry_after(answer.report.problems), **_server_timing(answer.timings)})


def accepted_response(product: str, answer: SubmitAnswer) -> Response:
    """202: tasks that were just made, and where to look them up, unless that address would be too long."""
    headers = {
        "Retry-After": str(math.ceil(SOON_SECONDS)),
        **_server_timing((Timing(product, answer.seconds, answer.calls),)),
    }
    location = "/v1/tasks?taskId=" + ",".join(task.id for task in answer.report.tasks)
    if len(location) < LONGEST_LOCATION:
        headers["Location"] = location
    return Response(msgspec.json.encode(answer.report), 202, headers=headers, media_type=Representation.JSON)


def json_response(content: object, headers: dict[str, str] | None = None) -> Response:
    """Any of our types, as JSON."""
    return Response(msgspec.json.encode(content), headers=headers, media_type=Representation.JSON)


def _retry_after(problems: tuple[Problem, ...]) -> dict[str, str]:
    waits = [problem.retry_after for problem in problems if problem.retry_after is not None]
    return {"Retry-After": str(max(waits))} if waits else {}


def _server_timing(timings: tuple[Timing, ...]) -> dict[str, str]:
    entries = ", ".join(map(_metric, timings))
    return {"Server-Timing": entries} if entries else {}


def _metric(timing: Timing) -> str:
    name = timing.product.replace(
        "/", "."
    )  # a token, in which a slash cannot stand (https://www.w3.org/TR/server-timing/)
    return f'{name};dur={timing.seconds * 1000:.1f};desc="{_calls(timing.calls)}"'


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"
