"""One JSON object per line on stdout: what Function Compute's log service can search and chart.

Every module logs by `log_event(name, **members)`. Of an exception only types and places are written: its text may hold
what the SDK was signing with (docs/vendor.md 7.6).
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import msgspec

NOISY = ("darabonba-core", "credentials", "uvicorn.access")
"""The SDK's own loggers, which at import set themselves to DEBUG or INFO and write to stderr; and uvicorn's, which
writes whole queries: there may be something in one that its sender should not have put there."""


current_request_id: ContextVar[str | None] = ContextVar("current_request_id", default=None)
"""The id of the request that is being answered; every line logged meanwhile bears it, vendor calls included."""
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
        """The line; a member that cannot be encoded is written as its type's name."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := current_request_id.get():
            line["requestId"] = request_id
        line |= getattr(record, "members", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe(record.exc_info[1])
        return msgspec.json.encode(line, enc_hook=_type_name).decode()


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


def _type_name(value: object) -> str:
    return type(value).__name__
