"""The contract as OpenAPI 3.1: `make openapi` writes it to functions/web/openapi.json, a test proves it current.

Schemas come from the types that are encoded, parameters from the table that is checked, reasons from the table that
problem documents are made of.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from functions.api.openapi.operations import TAGS, paths
from functions.api.openapi.parameters import question
from functions.api.openapi.responses import HEADERS, problem_responses
from functions.api.openapi.schemas import answer_schemas
from functions.api.parsing.check import SCHEMA as CHECK
from functions.api.parsing.submission import SCHEMA as SUBMISSION

Json = dict[str, Any]
_INFO: Json = {
    "title": "cdn-task-status",
    "version": "1.0.0",
    "summary": "One status endpoint for the refresh and prefetch tasks of Alibaba Cloud CDN, DCDN and VOD",
    "description": (
        "Ignore members you do not know. `product`, `status`, `objectType`, `action` and `reason` are open sets; `done`"
        " and `outcome` are closed: branch on those. Times are RFC 3339, UTC."
    ),
    "contact": {"name": "cdn-task-status"},
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}


def document() -> Json:
    """The whole document, in plain JSON types."""
    whole = {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "/", "description": "Wherever this document comes from."}],
        "tags": TAGS,
        "paths": paths(),
        "components": {
            "schemas": {"Question": question(), "Submission": SUBMISSION, "Check": CHECK, **answer_schemas()},
            "responses": problem_responses(),
            "headers": HEADERS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    plain: Json = msgspec.json.decode(msgspec.json.encode(whole, enc_hook=dict))
    return plain


def main() -> None:
    """Write the document to stdout."""
    encoded = msgspec.json.format(msgspec.json.encode(document()), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


if __name__ == "__main__":
    main()
