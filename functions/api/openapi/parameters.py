"""The parameters of a question as OpenAPI 3.1, made from the table by which they are checked."""

from __future__ import annotations

from typing import Any

from functions.api.parsing.parameters import PARAMETERS, Parameter, ParameterType

Json = dict[str, Any]


def query_parameter(parameter: Parameter) -> Json:
    """As it stands in a query string."""
    array = {"type": "array", "items": _value(parameter), "minItems": 1}
    split = parameter.kind is ParameterType.WORDS
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.about + (" Repeated and/or joined by commas." if split else ""),
        "schema": array if split else _value(parameter),
    }


def question() -> Json:
    """All of them, as they stand in a JSON object."""
    return {
        "title": "Question",
        "description": "A lookup when it has `taskId`, else a list.",
        "type": "object",
        "additionalProperties": False,
        "properties": {parameter.name: _member(parameter) for parameter in PARAMETERS.values()},
    }


def _member(parameter: Parameter) -> Json:
    schema: Json = (
        {"type": "array", "items": _value(parameter), "minItems": 1} if parameter.is_array else _value(parameter)
    )
    return {**schema, "description": parameter.about}


def _value(parameter: Parameter) -> Json:
    """JSON Schema of one value."""
    if bounds := parameter.bounds:
        return {"type": "integer", "minimum": bounds.low, "maximum": bounds.high, "default": bounds.default}
    if parameter.words:
        return {"type": "string", "enum": list(parameter.words)}
    more = {"format": parameter.format, "examples": list(parameter.examples)}
    return {
        "type": "string",
        "pattern": f"^{parameter.pattern}$",
        **{key: value for key, value in more.items() if value},
    }
