"""JSON as frozen dataclasses and back: members by their camelCase names, unknown ones left alone."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

Shape = TypeVar("Shape")


class Malformed(Exception):  # noqa: N818 -- it says what the document is
    """Raised when a document is not what the contract promises."""


def read(shape: type[Shape], document: object) -> Shape:
    """The document as `shape`. Raises Malformed, naming where."""
    return typing.cast("Shape", _read(shape, document, shape.__name__))


def written(value: object) -> object:
    """The JSON document of what `read` made; members that are None are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = ((_camel(field.name), getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: written(each) for name, each in members if each is not None}
    return [written(each) for each in value] if isinstance(value, tuple) else value


@cache
def _members(shape: type) -> tuple[tuple[str, str, Any, bool], ...]:
    """Of each member: its name here, its name there, its type, whether it must be present."""
    hints = typing.get_type_hints(shape)
    return tuple(
        (field.name, _camel(field.name), hints[field.name], field.default is dataclasses.MISSING)
        for field in dataclasses.fields(shape)
    )


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _read(shape: Any, value: object, where: str) -> object:
    if dataclasses.is_dataclass(shape):
        return _structure(typing.cast("type", shape), value, where)
    origin, inner = typing.get_origin(shape), typing.get_args(shape)
    if origin is types.UnionType:
        return None if value is None else _read(inner[0], value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(inner[0], each, where) for each in value)
    if origin is Mapping and isinstance(value, dict):
        return {name: _read(inner[1], each, f"{where}.{name}") for name, each in value.items()}
    return _plain(shape, value, where)


def _structure(shape: type, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise Malformed(where)
    members = {}
    for name, written, kind, needed in _members(shape):
        if written in value:
            members[name] = _read(kind, value[written], f"{where}.{written}")
        elif needed:
            raise Malformed(f"{where}.{written}")
    return shape(**members)


def _plain(shape: Any, value: object, where: str) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if (shape is float and number) or (isinstance(shape, type) and type(value) is shape):
        return value
    raise Malformed(where)
