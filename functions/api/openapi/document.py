"""The contract as OpenAPI 3.1: `make openapi` writes it to functions/web/openapi.json, a test proves it current.

Schemas come from the types that are encoded, parameters from the table that is checked, reasons from the table that
errors are made of; only what is said about routes is written here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import msgspec.inspect

from functions.api.capabilities import Capabilities
from functions.api.health import Health
from functions.api.idempotency import HEADER
from functions.api.openapi.parameters import query_parameter, question
from functions.api.parsing.parameters import PARAMETERS
from functions.api.parsing.submission import SCHEMA as SUBMISSION
from functions.api.problems import MEDIA_TYPE, PROBLEM_TYPES, ProblemDocument
from functions.tasks.report import QuotaReport, TaskList, TaskReport
from functions.tasks.submit import SubmitReport

Json = dict[str, Any]
_REF = "#/components/schemas/"
_TYPES = (TaskReport, TaskList, QuotaReport, SubmitReport, Capabilities, ProblemDocument, Health)
_OF_ANY_ROUTE = (400, 405, 421, 500)
_OF_QUESTIONS = (400, 401, 403, 404, 405, 406, 421, 429, 500, 502, 503, 504)
_OF_BODIES = (413, 415)
_OF_SUBMISSIONS = (400, 401, 403, 405, 406, 409, 421, 422, 429, 500, 503, 504)
_HEADERS: Mapping[str, Json] = {
    "ETag": {"description": 'Of reports: `W/"<version>"`.', "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Whole seconds after which asking again may tell more; absent when it is done.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Location": {
        "description": "Where to look the new tasks up; absent when it would be too long.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Server-Timing": {
        "description": "What each product cost: time waited, and calls in `desc`.",
        "schema": {"type": "string"},
    },
    "X-Request-Id": {"description": "Names this request in the log.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}},
    "Allow": {"description": "The methods of this path.", "schema": {"type": "string"}},
}
_ALSO_WITH = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    502: ("Retry-After",),
    503: ("Retry-After",),
    504: ("Retry-After",),
}


def document() -> Json:
    """The whole document, in plain JSON types."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_REF + "{name}")
    for sent in _structs(msgspec.inspect.multi_type_info(_TYPES)):
        # A default is what decoding may leave out; encoding leaves nothing out unless told to.
        if not sent.__struct_config__.omit_defaults:
            schemas[sent.__name__]["required"] = list(schemas[sent.__name__]["properties"])
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "cdn-task-status",
            "version": "1.0.0",
            "summary": "One status endpoint for the refresh and prefetch tasks of Alibaba Cloud CDN, DCDN and VOD",
            "description": (
                "Ignore members you do not know. `product`, `status`, `objectType`, `action` and `reason` are open"
                " sets; `done` and `outcome` are closed: branch on those. Times are RFC 3339, UTC."
            ),
        },
        "paths": _paths(),
        "components": {
            "schemas": {"Question": question(), "Submission": dict(SUBMISSION), **schemas},
            "responses": {
                str(status): _problem(status) for status in sorted({kind.status for kind in PROBLEM_TYPES.values()})
            },
            "headers": dict(_HEADERS),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    plain: Json = msgspec.json.decode(msgspec.json.encode(whole))
    return plain


def _structs(parts: Iterable[Any]) -> Iterator[type[msgspec.Struct]]:
    """Every Struct among types as msgspec sees them, and inside them."""
    for part in parts:
        if isinstance(part, msgspec.inspect.StructType):
            yield part.cls
            yield from _structs(field.type for field in part.fields)
        elif isinstance(part, msgspec.inspect.UnionType):
            yield from _structs(part.types)
        elif isinstance(part, msgspec.inspect.VarTupleType):
            yield from _structs([part.item_type])


def _paths() -> Json:
    listed_or_found = {"anyOf": [{"$ref": _REF + "TaskReport"}, {"$ref": _REF + "TaskList"}]}
    report_or_stream = _answer("The report of a lookup, or one page of a list.", listed_or_found, _of_reports())
    report_or_stream["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    answered = {
        "200": report_or_stream,
        "204": {"description": "The stream that was to be resumed is over.", "headers": _headers(("X-Request-Id",))},
        "304": {"description": "The caller holds this version.", "headers": _headers(_of_reports())},
    }
    reading = {
        "security": [{"token": []}, {}],
        "parameters": [query_parameter(parameter) for parameter in PARAMETERS.values()],
        "responses": {**answered, **_problems(_OF_QUESTIONS)},
    }
    return {
        "/v1/tasks": {
            "get": {"operationId": "tasks", "summary": "Look tasks up by id, or list them", **reading},
            "head": {"operationId": "tasksHead", "summary": "The same without the body", **reading},
            "post": _submission(),
        },
        "/v1/tasks/query": {
            "post": {
                "operationId": "queryTasks",
                "summary": "The same questions, with room for more ids than fit in a URL",
                "security": [{"token": []}, {}],
                "requestBody": {"required": True, "content": _json({"$ref": _REF + "Question"})},
                "responses": {"200": answered["200"], "204": answered["204"], **_problems(_OF_QUESTIONS + _OF_BODIES)},
            }
        },
        "/v1/quota": {"get": _quota()},
        "/v1/capabilities": {"get": _capabilities()},
        "/healthz": {"get": _health()},
        "/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This document",
                "responses": {
                    "200": _answer("OpenAPI 3.1.", {"type": "object"}, ("X-Request-Id",)),
                    **_problems(_OF_ANY_ROUTE),
                },
            }
        },
    }


def _submission() -> Json:
    key = {
        "name": HEADER,
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "The same request under the same key has one effect and one answer, for ten minutes.",
    }
    report = {"$ref": _REF + "SubmitReport"}
    return {
        "operationId": "submitTasks",
        "summary": "Refresh or prefetch URLs, where that is switched on",
        "security": [{"token": []}, {}],
        "parameters": [key],
        "requestBody": {"required": True, "content": _json({"$ref": _REF + "Submission"})},
        "responses": {
            "202": _answer("At least one task was made.", report, ("Location", *_of_reports()[1:])),
            **_problems(sorted(_OF_SUBMISSIONS + _OF_BODIES)),
        },
    }


def _quota() -> Json:
    headers = ("Retry-After", "Server-Timing", "X-Request-Id")
    return {
        "operationId": "quota",
        "summary": "What is left of each product's daily refresh and prefetch quotas; not for tokens with `domains`",
        "security": [{"token": []}, {}],
        "responses": {
            "200": _answer("The quotas, in figures.", {"$ref": _REF + "QuotaReport"}, headers),
            **_problems(_OF_QUESTIONS),
        },
    }


def _capabilities() -> Json:
    return {
        "operationId": "capabilities",
        "summary": "What this service and the caller's token allow",
        "security": [{"token": []}, {}],
        "responses": {
            "200": _answer("It.", {"$ref": _REF + "Capabilities"}, ("X-Request-Id",)),
            **_problems((400, 401, 405, 406, 421, 429, 500, 503)),
        },
    }


def _health() -> Json:
    verbose = {
        "name": "verbose",
        "in": "query",
        "schema": {"const": "1"},
        "description": "With figures; needs a token.",
    }
    return {
        "operationId": "health",
        "summary": "Whether the service is up",
        "security": [{}, {"token": []}],
        "parameters": [verbose],
        "responses": {
            "200": _answer("It is.", {"$ref": _REF + "Health"}, ("X-Request-Id",)),
            **_problems((401, *_OF_ANY_ROUTE, 503)),
        },
    }


def _answer(description: str, schema: Json, headers: Iterable[str]) -> Json:
    return {"description": description, "headers": _headers(headers), "content": _json(schema)}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _of_reports() -> tuple[str, ...]:
    return ("ETag", "Retry-After", "Server-Timing", "X-Request-Id")


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problems(statuses: Iterable[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _problem(status: int) -> Json:
    reasons = [reason for reason, kind in PROBLEM_TYPES.items() if kind.status == status]
    return {
        "description": "; ".join(f"`{reason}`: {PROBLEM_TYPES[reason].title}" for reason in reasons),
        "headers": _headers(("X-Request-Id", *_ALSO_WITH.get(status, ()))),
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF + "ProblemDocument"}}},
    }


def main() -> None:
    """Write the document to stdout."""
    encoded = msgspec.json.format(msgspec.json.encode(document()), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


if __name__ == "__main__":
    main()
