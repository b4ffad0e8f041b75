"""What operations answer: headers, bodies, problem documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from functions.api.openapi.examples import PROBLEM_DETAILS
from functions.api.openapi.schemas import ref
from functions.api.problems import MEDIA_TYPE, PROBLEM_TYPES, URN

Json = dict[str, Any]
HEADERS: Mapping[str, Json] = {
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
OF_REPORTS = ("ETag", "Retry-After", "Server-Timing", "X-Request-Id")
_ALSO_WITH = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    502: ("Retry-After",),
    503: ("Retry-After",),
    504: ("Retry-After",),
}


def answer(description: str, schema: Json, headers: Iterable[str], examples: Mapping[str, Any]) -> Json:
    """A response with a JSON body."""
    return {"description": description, "headers": header_refs(headers), "content": json_content(schema, examples)}


def json_content(schema: Json, examples: Mapping[str, Any]) -> Json:
    """A JSON body, sent or received, with examples by name."""
    return {
        "application/json": {"schema": schema, "examples": {name: {"value": each} for name, each in examples.items()}}
    }


def header_refs(names: Iterable[str]) -> Json:
    """References to the shared descriptions of these headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def problems(statuses: Iterable[int]) -> Json:
    """References to the problem documents of these statuses."""
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}


def without_bodies(responses: Mapping[str, Json]) -> Json:
    """The responses of HEAD, derived from those of GET."""
    whole = {status: problem_responses().get(status, response) for status, response in responses.items()}
    return {
        status: {name: member for name, member in response.items() if name not in {"content", "links"}}
        for status, response in whole.items()
    }


def problem_responses() -> dict[str, Json]:
    """A response for every status that is an error, by status."""
    return {str(status): _problem(status) for status in sorted({kind.status for kind in PROBLEM_TYPES.values()})}


def _problem(status: int) -> Json:
    reasons = [reason for reason, kind in PROBLEM_TYPES.items() if kind.status == status]
    examples = {reason: {"value": _document(reason)} for reason in reasons}
    return {
        "description": "; ".join(f"`{reason}`: {PROBLEM_TYPES[reason].title}" for reason in reasons),
        "headers": header_refs(("X-Request-Id", *_ALSO_WITH.get(status, ()))),
        "content": {MEDIA_TYPE: {"schema": ref("ProblemDocument"), "examples": examples}},
    }


def _document(reason: str) -> Json:
    kind = PROBLEM_TYPES[reason]
    document: Json = {"type": URN + reason, "title": kind.title, "status": kind.status, "reason": reason}
    document.update(PROBLEM_DETAILS.get(reason, {}))
    return document
