"""The parameters of a query as OpenAPI 3.1, made from the table by which they are checked.

No schema has a `default`: generated clients would send it along everywhere, or demand it of their users.
"""

from __future__ import annotations

from typing import Any

from functions.api.parsing.parameters import PARAMETERS, Parameter, ParameterType

Json = dict[str, Any]
_SPLIT = frozenset({ParameterType.IDS, ParameterType.WORDS})


def query_parameter(parameter: Parameter) -> Json:
    """As it stands in a query string."""
    split = parameter.kind in _SPLIT
    about = _about(parameter) + (" Repeated and/or joined by commas." if split else "")
    schema = _value(parameter)
    return {
        "name": parameter.name,
        "in": "query",
        "description": about,
        "schema": {"type": "array", "items": schema, "minItems": 1} if split else schema,
    }


def question() -> Json:
    """All of them, as they stand in a JSON object."""
    return {
        "title": "Question",
        "description": "A lookup when it has `taskId`, `object` or `job`, else a list.",
        "type": "object",
        "additionalProperties": False,
        "properties": {parameter.name: _member(parameter) for parameter in PARAMETERS.values()},
    }


def _member(parameter: Parameter) -> Json:
    schema = _value(parameter)
    if parameter.kind is ParameterType.IDS:
        schema = {"anyOf": [schema, {"type": "integer", "minimum": 0}]}
    if parameter.is_array:
        schema = {"type": "array", "items": schema, "minItems": 1}
    return {**schema, "description": _about(parameter)}


def _about(parameter: Parameter) -> str:
    return parameter.about + (f" Left out, it is {parameter.default}." if parameter.default else "")


def _value(parameter: Parameter) -> Json:
    """JSON Schema of one value."""
    if bounds := parameter.bounds:
        return {"type": "integer", "minimum": bounds.low, "maximum": bounds.high}
    if parameter.words:
        return {"type": "string", "enum": list(parameter.words)}
    # Ids are understood in more forms than one, and several in one string: all that they share is a digit.
    pattern = "[0-9\uff10-\uff19]" if parameter.kind is ParameterType.IDS else f"^{parameter.pattern}$"
    more = {"format": parameter.format, "examples": list(parameter.examples)}
    return {"type": "string", "pattern": pattern, **{key: value for key, value in more.items() if value}}
