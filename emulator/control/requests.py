"""One command to the control API, as the commands see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from emulator.emulation import Emulation

T = TypeVar("T")


class CommandRequest(msgspec.Struct, frozen=True):
    """The path behind the resource, the query, the body, and the host that the client named."""

    names: list[str]
    query: dict[str, str]
    body: bytes
    host: str

    def read(self, shape: type[T]) -> T:
        """The body as that shape. Raises msgspec.ValidationError or DecodeError."""
        return msgspec.json.decode(self.body, type=shape)


Command = Callable[[Emulation, CommandRequest], Any]
"""What it returns is a Response, or the JSON of one (None: empty); KeyError is a 404, ValueError a 400."""
