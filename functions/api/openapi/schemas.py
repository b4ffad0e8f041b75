"""Schemas of the answers, from the types that are encoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import msgspec.inspect

from functions.api.problems import ProblemDocument
from functions.api.routes.capabilities import Capabilities
from functions.api.routes.public import Health
from functions.checks.report import CheckReport
from functions.tasks.report import QuotaReport, TaskList, TaskReport
from functions.tasks.submit import SubmitReport

Json = dict[str, Any]
REF = "#/components/schemas/"
_ANSWERS = (TaskReport, TaskList, QuotaReport, SubmitReport, CheckReport, Capabilities, ProblemDocument, Health)


def ref(name: str) -> Json:
    """A reference to a schema of the document."""
    return {"$ref": REF + name}


def answer_schemas() -> dict[str, Json]:
    """All answers and what they are made of, by name.

    A member that is left out when it has its default value is never sent with that value: it is optional, and null only
    where null means something.
    """
    _, schemas = msgspec.json.schema_components(_ANSWERS, ref_template=REF + "{name}")
    for struct in set(_structs(msgspec.inspect.multi_type_info(_ANSWERS))):
        schema = schemas[struct.__name__]
        if not struct.__struct_config__.omit_defaults:
            schema["required"] = list(schema["properties"])
        schema["properties"] = {name: _as_sent(member) for name, member in schema["properties"].items()}
    return schemas


def _as_sent(member: Json) -> Json:
    """A member's schema without its default, and without null where that is the default and left out."""
    sent = {name: value for name, value in member.items() if name != "default"}
    if "default" in member and member["default"] is None and "anyOf" in member:
        choices = [choice for choice in member["anyOf"] if choice != {"type": "null"}]
        sent = {**sent, "anyOf": choices} if len(choices) > 1 else {**sent, **choices[0]}
        if len(choices) == 1:
            del sent["anyOf"]
    return sent


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
