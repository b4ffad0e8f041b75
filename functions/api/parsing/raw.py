"""Raw parameters, before they are checked: a query string or a JSON object become the same lists of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from functions.api.parsing.ids import ids_in
from functions.api.parsing.parameters import PARAMETERS, Parameter, ParameterType
from functions.errors import InvalidRequest, ParameterFault

MAX_FAULTS = 1_000
"""Every fault is named, but an answer stays smaller than the question that provoked it may be."""
SHOWN = 100
"""How much of a faulty value is echoed, in characters."""

Written = TypeVar("Written")


class FaultList:
    """Collects every fault of a question, each once."""

    def __init__(self) -> None:
        """Nothing found yet."""
        self._found: dict[ParameterFault, None] = {}

    def add(self, parameter: str, value: str | None, detail: str) -> None:
        """Note that `parameter` cannot have `value`; `detail` says what it must be."""
        shown = value if value is None or len(value) <= SHOWN else value[:SHOWN] + "…"
        self._found.setdefault(ParameterFault(parameter=parameter, value=shown, detail=detail))

    def raise_any(self) -> None:
        """Raises InvalidRequest with all faults if there is one."""
        if self._found:
            raise InvalidRequest(tuple(self._found)[:MAX_FAULTS])


def only_parameters(query_string: bytes, allowed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The parameters of a route that knows only `allowed` (name -> values). Raises InvalidRequest with all others."""
    faults, known = FaultList(), {}
    for name, value in parse_qsl(query_string.decode("ascii", "replace"), keep_blank_values=True):
        if name not in allowed:
            rule = f"known are {', '.join(allowed)}" if allowed else "there are none here"
            faults.add(name[:SHOWN], None, f"unknown parameter; {rule}")
        elif value not in allowed[name]:
            faults.add(name, value, f"it must be {' or '.join(allowed[name])}")
        known[name] = value
    faults.raise_any()
    return known


class RawParameters(msgspec.Struct, frozen=True):
    """The known parameters that are present, each with at least one text; what could not be read is in `faults`."""

    texts: Mapping[str, tuple[str, ...]]
    faults: FaultList

    def __contains__(self, name: str) -> bool:
        """Whether the caller wrote it at all, readable or not."""
        return name in self.texts


def from_query_string(raw: bytes) -> RawParameters:
    """Read `a=1&a=2,3`. FaultList: unknown names, single values given twice, text that is not UTF-8."""
    faults = FaultList()
    written: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(raw.decode(), keep_blank_values=True, errors="strict"):
            written.setdefault(name, []).append(value)
    except UnicodeDecodeError:
        faults.add("", None, "the query string is not percent-encoded UTF-8")
    return RawParameters(_known(written, faults, _from_texts), faults)


def json_object(body: bytes) -> dict[str, object]:
    """The members of a JSON object. Raises InvalidRequest (`invalid-json`) when it is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.ValidationError as fault:
        raise _invalid_json(f"the body must be one JSON object: {fault}") from None
    # A body nested too deep overruns the decoder's recursion limit.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _invalid_json("the body is not JSON") from None


def from_json(body: bytes) -> RawParameters:
    """Read a JSON object. Raises InvalidRequest (`invalid-json`) when it is none; wrong types of members are faults."""
    faults = FaultList()
    return RawParameters(_known(json_object(body), faults, _from_member), faults)


def _invalid_json(detail: str) -> InvalidRequest:
    return InvalidRequest((ParameterFault(parameter="", value=None, detail=detail),), reason="invalid-json")


def _known(
    written: Mapping[str, Written],
    faults: FaultList,
    read: Callable[[Parameter, Written, FaultList], tuple[str, ...]],
) -> dict[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    for name, value in written.items():
        if name in PARAMETERS:
            known[name] = read(PARAMETERS[name], value, faults)
        else:
            # Its value is not echoed: somebody may have put a token there.
            faults.add(name[:SHOWN], None, f"unknown parameter; known are {', '.join(PARAMETERS)}")
    return known


def _from_texts(parameter: Parameter, texts: list[str], faults: FaultList) -> tuple[str, ...]:
    if parameter.kind is ParameterType.IDS:
        return _ids(parameter, texts, faults)
    if parameter.kind is ParameterType.WORDS:
        return tuple(word.strip() for text in texts for word in text.split(","))
    if len(texts) > 1:
        faults.add(parameter.name, texts[1], "give it once")
    return (texts[0],)


def _from_member(parameter: Parameter, value: object, faults: FaultList) -> tuple[str, ...]:
    if parameter.kind is ParameterType.NUMBER:
        return _number(parameter, value, faults)
    if parameter.is_array:
        return _strings(parameter, value, faults)
    if isinstance(value, str):
        return (value,)
    faults.add(parameter.name, shown(value), "it must be a string")
    return ()


def _number(parameter: Parameter, value: object, faults: FaultList) -> tuple[str, ...]:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (str(value),)
    faults.add(parameter.name, shown(value), "it must be a whole number, not in quotes")
    return ()


def _strings(parameter: Parameter, value: object, faults: FaultList) -> tuple[str, ...]:
    if not isinstance(value, list):
        faults.add(parameter.name, shown(value), "it must be an array of strings")
        return ()
    if not value:
        faults.add(parameter.name, "[]", "it is empty; leave it out or name at least one")
    allowed = (str, int) if parameter.kind is ParameterType.IDS else (str,)
    strings = [str(entry) for entry in value if isinstance(entry, allowed) and not isinstance(entry, bool)]
    for entry in value:
        if not isinstance(entry, allowed) or isinstance(entry, bool):
            faults.add(parameter.name, shown(entry), "each entry must be a string")
    return _ids(parameter, strings, faults) if value and parameter.kind is ParameterType.IDS else tuple(strings)


def _ids(parameter: Parameter, texts: Iterable[str], faults: FaultList) -> tuple[str, ...]:
    found = ids_in(texts)
    if not found:
        faults.add(parameter.name, "", parameter.rule)
    return found


def shown(value: object) -> str:
    """A JSON value as its sender can recognise it."""
    if isinstance(value, list | dict):
        return "[…]" if isinstance(value, list) else "{…}"
    return msgspec.json.encode(value).decode()
