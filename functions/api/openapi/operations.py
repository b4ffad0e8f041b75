"""The routes as OpenAPI operations: only what is said about them is written here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.api.openapi import examples
from functions.api.openapi.parameters import query_parameter
from functions.api.openapi.responses import (
    OF_REPORTS,
    answer,
    header_refs,
    json_content,
    problems,
    without_bodies,
)
from functions.api.openapi.schemas import ref
from functions.api.parsing.parameters import PARAMETERS
from functions.api.routes.idempotency import HEADER

Json = dict[str, Any]
_OPEN_ROUTE = frozenset({400, 405, 421, 500})
_GUARDED_ROUTE = _OPEN_ROUTE | {401, 403, 406, 429, 503}
_QUESTION = _GUARDED_ROUTE | {404, 502, 504}
_BODY = frozenset({413, 415})
_SUBMISSION = _GUARDED_ROUTE | _BODY | {409, 422, 504}
_CHECK = _GUARDED_ROUTE | _BODY | {422}
TAGS = (
    {"name": "tasks", "description": "Look up, list and submit refresh and prefetch tasks."},
    {"name": "service", "description": "What the service is and allows."},
)
_TOKEN_IF_NEEDED: list[dict[str, list[str]]] = [{"token": []}, {}]
"""Where TASK_STATUS_AUTH is none, no token is needed."""


def paths() -> Json:
    """Every route."""
    return {
        "/v1/tasks": {"get": _get_tasks(), "head": _head_tasks(), "post": _post_tasks()},
        "/v1/tasks/query": {"post": _post_query()},
        "/v1/checks": {"post": _post_checks()},
        "/v1/quota": {"get": _get_quota()},
        "/v1/capabilities": {"get": _get_capabilities()},
        "/healthz": {"get": _get_healthz()},
        "/openapi.json": {"get": _get_openapi()},
    }


def _operation(tag: str, operation_id: str, summary: str, description: str, **members: Any) -> Json:
    return {
        "tags": [tag],
        "operationId": operation_id,
        "summary": summary,
        "description": description,
        "security": _TOKEN_IF_NEEDED,
        **members,
    }


def _get_tasks() -> Json:
    return _operation(
        "tasks",
        "tasks",
        "Look tasks up by id, or list them",
        "A lookup when `taskId` or `object` is present, else a list. A lookup can be held with `wait`, or be an event"
        " stream for `Accept: text/event-stream`.",
        parameters=_query_parameters(),
        responses=_answered() | _not_modified() | problems(_QUESTION),
    )


def _head_tasks() -> Json:
    return _operation(
        "tasks",
        "tasksHead",
        "The same without the body",
        "Headers only: `ETag` tells whether a report has changed.",
        parameters=_query_parameters(),
        responses=without_bodies({"200": _answered()["200"]} | _not_modified() | problems(_QUESTION)),
    )


def _post_query() -> Json:
    return _operation(
        "tasks",
        "queryTasks",
        "The same questions in a body",
        "With room for more ids than fit in a URL.",
        requestBody={"required": True, "content": json_content(ref("Question"), examples.QUESTIONS)},
        responses=_answered() | problems(_QUESTION | _BODY),
    )


def _post_tasks() -> Json:
    key = {
        "name": HEADER,
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "description": "The same request under the same key has one effect and one answer, for ten minutes.",
    }
    made = answer(
        "At least one task was made.",
        ref("SubmitReport"),
        ("Location", *OF_REPORTS[1:]),
        {"one task": examples.SUBMITTED},
    )
    return _operation(
        "tasks",
        "submitTasks",
        "Refresh or prefetch URLs",
        "Where TASK_STATUS_SUBMIT is on.",
        parameters=[key],
        requestBody={"required": True, "content": json_content(ref("Submission"), examples.SUBMISSIONS)},
        responses={"202": made | {"links": _lookup_link("/tasks/0/id")}, **problems(_SUBMISSION)},
    )


def _post_checks() -> Json:
    told = answer("What was seen, and what it means.", ref("CheckReport"), ("X-Request-Id",), {"stale": examples.CHECK})
    return _operation(
        "tasks",
        "check",
        "Whether the edge serves what the origin has",
        "Where TASK_STATUS_CHECKS names the URL's host. Redirects are not followed.",
        requestBody={"required": True, "content": json_content(ref("Check"), examples.CHECKS)},
        responses={"200": told, **problems(_CHECK)},
    )


def _get_quota() -> Json:
    headers = ("Retry-After", "Server-Timing", "X-Request-Id")
    return _operation(
        "tasks",
        "quota",
        "What is left of the day's quotas",
        "Of each product, for refreshes and prefetches; not for tokens with `domains`.",
        parameters=[query_parameter(PARAMETERS[name]) for name in ("product", "account")],
        responses={
            "200": answer("The quotas, in figures.", ref("QuotaReport"), headers, {"one product": examples.QUOTAS}),
            **problems(_QUESTION),
        },
    )


def _get_capabilities() -> Json:
    example = {"refresh in CDN only": examples.CAPABILITIES}
    return _operation(
        "service",
        "capabilities",
        "What this service and the caller's token allow",
        "For pages that show only what will work.",
        responses={
            "200": answer("What is allowed.", ref("Capabilities"), ("X-Request-Id",), example),
            **problems(_GUARDED_ROUTE),
        },
    )


def _get_healthz() -> Json:
    verbose = {
        "name": "verbose",
        "in": "query",
        "schema": {"type": "string", "enum": ["1"]},
        "description": "With figures of the whole account; a token for it has no `products`, `domains` or `accounts`.",
    }
    up = answer("It is up.", ref("Health"), ("X-Request-Id",), {"up": {"status": "ok"}})
    return _operation(
        "service",
        "health",
        "Whether the service is up",
        "Open to everybody, without data of the account.",
        parameters=[verbose],
        responses={"200": up, **problems(_OPEN_ROUTE | {401, 403, 503})},
    ) | {"security": [{}, {"token": []}]}


def _get_openapi() -> Json:
    this = answer("This document.", {"type": "object"}, ("X-Request-Id",), {"beginning": {"openapi": "3.1.0"}})
    return _operation(
        "service",
        "openapi",
        "This document",
        "Open to everybody.",
        responses={"200": this, **problems(_OPEN_ROUTE)},
    ) | {"security": []}


def _query_parameters() -> list[Json]:
    return [query_parameter(parameter) for parameter in PARAMETERS.values()]


def _answered() -> Json:
    either = {"anyOf": [ref("TaskReport"), ref("TaskList")]}
    body = answer(
        "The report of a lookup, or one page of a list.",
        either,
        OF_REPORTS,
        {"lookup": examples.REPORT, "list": examples.LIST},
    )
    body["content"]["text/event-stream"] = {
        "schema": {"type": "string"},
        "examples": {"lookup": {"value": examples.STREAM}},
    }
    body["links"] = _lookup_link("/tasks/0/id") | {
        "nextPage": _link("With the same filters.", {"pageToken": "$response.body#/nextPageToken"})
    }
    over = {"description": "The stream that was to be resumed is over.", "headers": header_refs(("X-Request-Id",))}
    return {"200": body, "204": over}


def _not_modified() -> Json:
    return {"304": {"description": "The caller has this version.", "headers": header_refs(OF_REPORTS)}}


def _lookup_link(pointer: str) -> Json:
    return {"lookup": _link("Look the first task up.", {"taskId": f"$response.body#{pointer}"})}


def _link(description: str, parameters: Mapping[str, str]) -> Json:
    return {"operationId": "tasks", "description": description, "parameters": dict(parameters)}
