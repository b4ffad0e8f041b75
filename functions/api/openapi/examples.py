"""Examples of questions and answers: answers are made of the types themselves, so that they hold what they must."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.api.routes.capabilities import Capabilities
from functions.checks.report import CheckedTask, CheckReport, Finding, Observation
from functions.tasks.report import (
    NotFound,
    ObjectCounts,
    ObjectError,
    Problem,
    Quota,
    QuotaReport,
    Summary,
    Task,
    TaskList,
    TaskObject,
    TaskReport,
)
from functions.tasks.submit import Rejection, SubmitReport, SubmittedTask

_CHECKED = "2026-11-22T03:33:10.120Z"
_TASK = Task(
    id="cdn:24840",
    product="cdn",
    task_id="24840",
    action="refresh",
    object_type="file",
    status="running",
    done=False,
    progress=50,
    created_at="2026-11-22T03:31:00Z",
    expires_at="2026-11-25T03:31:00Z",
    checked_at=_CHECKED,
    stale=False,
    object_counts=ObjectCounts(total=2, running=1, failed=1),
    objects=(
        TaskObject(
            object_path="https://www.example.com/c.jpg",
            status="failed",
            progress=25,
            raw_status="Failed",
            error=ObjectError(reason="origin-timeout", message="Origin Timeout"),
        ),
        TaskObject(
            object_path="https://www.example.com/b.jpg",
            status="running",
            progress=75,
            raw_status="Refreshing",
            error=None,
        ),
    ),
    objects_omitted=0,
)
_THROTTLED = Problem(product="vod", reason="throttled", retry_after=2, vendor_code="Throttling", request_ids=("0F2…",))
REPORT = TaskReport(
    tasks=(_TASK,),
    not_found=(NotFound(id="cdn:998", products=("cdn",), may_appear=True),),
    undecided=(),
    problems=(),
    summary=Summary(
        asked=2,
        found=1,
        not_found=1,
        undecided=0,
        pending=0,
        running=1,
        complete=0,
        failed=0,
        timeout=0,
        canceled=0,
        unknown=0,
        progress=50,
        done=False,
        outcome=None,
    ),
    version="9f3c2a7d10b4e865c2f0a1d3",
)
LIST = TaskList(tasks=(_TASK,), problems=(_THROTTLED,), next_page_token="k9oC4m…")  # noqa: S106 -- of a page
QUOTAS = QuotaReport(
    quotas=(Quota(product="cdn", kind="url", quota=10_000, remaining=9_990),), checked_at=_CHECKED, problems=()
)
SUBMITTED = SubmitReport(
    tasks=(SubmittedTask(id="cdn:24841", product="cdn", task_id="24841", action="refresh", object_type="file"),),
    rejected=(
        Rejection(
            object_paths=("https://other.example/a.jpg",), reason="domain-not-found", vendor_code="InvalidDomain"
        ),
    ),
)
CHECKS: Mapping[str, Any] = {"one URL": {"url": "https://www.example.com/a.css"}}
CHECK = CheckReport(
    url="https://www.example.com/a.css",
    fresh=False,
    finding=Finding.TASK_OLDER_THAN_CHANGE,
    edge=Observation(
        status=200,
        etag='"5B3C"',
        last_modified="Sun, 22 Nov 2026 03:00:00 GMT",
        content_length="5213",
        cache_control="max-age=3600",
        age=1_842,
        x_cache="HIT TCP_MEM_HIT dirn:-2:-2",
        saved_at="Sun, 22 Nov 2026 03:02:28 GMT",
        cache_seconds=3_600,
    ),
    origin=Observation(
        status=200,
        etag='"9F01"',
        last_modified="Sun, 22 Nov 2026 03:32:00 GMT",
        content_length="5290",
        cache_control="max-age=3600",
    ),
    differs=("etag", "lastModified", "contentLength"),
    task=CheckedTask(
        id="cdn:24840",
        action="refresh",
        object_type="file",
        object_path="https://www.example.com/a.css",
        status="complete",
        created_at="2026-11-22T03:31:00Z",
        match="exact",
    ),
    problems=(),
    checked_at=_CHECKED,
)
CAPABILITIES = Capabilities(
    products=("cdn",),
    submit=True,
    actions=("refresh",),
    object_types={"cdn": {"refresh": ("file", "directory")}},
    quota=True,
    stream=True,
    object_lookup=False,
    history=False,
    checks=("www.example.com",),
)
QUESTIONS: Mapping[str, Any] = {
    "lookup": {"taskId": ["24840", "dcdn:113681"], "wait": 20},
    "list": {"domainName": "www.example.com", "status": ["bad"], "pageSize": 50},
}
SUBMISSIONS: Mapping[str, Any] = {
    "refresh": {"action": "refresh", "product": "cdn", "objectPaths": ["https://www.example.com/a.jpg"]},
    "directory": {
        "action": "refresh",
        "product": "cdn",
        "objectType": "directory",
        "objectPaths": ["https://www.example.com/img/"],
    },
    "prefetch": {"action": "preload", "product": "dcdn", "objectPaths": ["https://www.example.com/a.jpg"]},
}
STREAM = 'event: report\nid: 9f3c2a7d10b4e865c2f0a1d3\ndata: {"tasks":[…]}\n\n:\n\n'
PROBLEM_DETAILS: Mapping[str, Any] = {
    "invalid-request": {
        "detail": "an id is 1 to 30 digits, or product:digits like cdn:24840",
        "errors": [
            {
                "parameter": "taskId",
                "value": "abc",
                "detail": "an id is 1 to 30 digits, or product:digits like cdn:24840",
            }
        ],
    },
    "upstream-throttled": {
        "detail": "None of the products asked could answer.",
        "problems": [{"product": "cdn", "reason": "throttled", "retryAfter": 2, "requestIds": ["0F2…"]}],
    },
}
"""Members of a problem document beside those that every one has, by reason."""
