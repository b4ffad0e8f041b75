"""For whom ids are looked up: whose turn and budget it is, and what may be seen of the answers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

import msgspec

from functions.model import TaskSnapshot


class Visibility(Hashable, Protocol):
    """Callers who may see the same; equal audiences share what they learned."""

    @property
    def digest(self) -> str:
        """Equal for equal audiences, on every instance; hexadecimal digits."""

    def sees(self, snapshot: TaskSnapshot) -> bool:
        """Whether any row of the task may be seen."""


class Principal(msgspec.Struct, frozen=True):
    """A caller. `audience` is None for one who may see every task of the product."""

    caller: str = "anonymous"
    audience: Visibility | None = None

    def sees(self, snapshot: TaskSnapshot) -> bool:
        """Whether any row of the task may be seen."""
        return self.audience is None or self.audience.sees(snapshot)


UNRESTRICTED = Principal()


class WantedId(msgspec.Struct, frozen=True):
    """An id on its way to the vendor, and who may see the answer: None if all may who ask for it."""

    task_id: str
    audience: Visibility | None = None
