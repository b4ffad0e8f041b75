"""One JSON object per line on stdout: what Function Compute's log service can search and chart.

Every module logs by `log_event(name, **members)`. Whatever a member holds, a line is bounded and has no control
characters and no secrets (`redaction.py`). Of an exception only types and places are written: its text may
hold what the SDK was signing with (docs/vendor.md 7.6).
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from functions.logs.redaction import clean_text

NOISY = ("darabonba-core", "credentials", "uvicorn.access")
"""The SDK's own loggers, which at import set themselves to DEBUG or INFO and write to stderr; and uvicorn's, which
writes whole queries: there may be something in one that its sender should not have put there."""


current_request_id: ContextVar[str | None] = ContextVar("current_request_id", default=None)
"""The id of the request that is being answered; every line logged meanwhile bears it, vendor calls included."""
_MAX_DEPTH, _MAX_ITEMS = 4, 100
_LARGE_INTEGER = 2**63
_events = logging.getLogger("functions")


def log_event(
    name: str, *, level: int = logging.INFO, exception: BaseException | None = None, **members: object
) -> None:
    """Write one line: `name` becomes `message`, `members` become members of the line, `exception` its type and places.

    Member names are camelCase, like those of the contract.
    """
    _events.log(level, name, exc_info=exception, extra={"members": members})


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; of a member that is no JSON the name of its type is written."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": clean_text(record.getMessage()),
        }
        if request_id := current_request_id.get():
            line["requestId"] = clean_text(request_id)
        line |= _safe(getattr(record, "members", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe(record.exc_info[1])
        return msgspec.json.encode(line).decode()


def describe(fault: BaseException) -> list[str]:
    """An exception and its causes, innermost cause last: the type, then the places it passed, no text of its own."""
    found: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = fault
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        found.append(f"{type(link).__module__}.{type(link).__qualname__}")
        found += [f"  {at.filename}:{at.lineno} in {at.name}" for at in traceback.extract_tb(link.__traceback__)]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found


def configure(level: str) -> None:
    """Make the root logger write JSON lines at `level`, and silence the noisy ones for good."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in NOISY:
        noisy = logging.getLogger(name)
        noisy.handlers = [logging.NullHandler()]
        noisy.setLevel(logging.CRITICAL)
        # The SDK is imported later and then undoes both lines above; this it leaves alone.
        noisy.disabled = True


def _safe(value: object, depth: int = 0) -> Any:
    """The value as JSON that is bounded in depth, length and size of its texts, and without secrets."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, int):
        return value if abs(value) < _LARGE_INTEGER else clean_text(hex(value))
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value, enc_hook=_type_name)
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        items = islice(value.items(), _MAX_ITEMS)
        return {clean_text(str(name)): _safe(member, depth + 1) for name, member in items}
    if depth < _MAX_DEPTH and isinstance(value, Sequence | AbstractSet) and not isinstance(value, bytes | bytearray):
        return [_safe(member, depth + 1) for member in islice(value, _MAX_ITEMS)]
    return _type_name(value)


def _type_name(value: object) -> str:
    return type(value).__name__
