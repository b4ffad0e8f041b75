"""Where one product's part of a list goes on."""

from __future__ import annotations

from typing import Annotated

import msgspec

from functions.products.listing.reader import Position

_TaskId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,30}\Z")]
_Second = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800)]
_Part = Annotated[int, msgspec.Meta(ge=-10_000, le=0)]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """All before position (`second`, `part`) has been listed, and at it the tasks down to id `after`, if it is given.

    Callers bring it back in a page token, so every member has bounds; the newest second is the end of the year 2099.
    `listed` are tasks that were listed with the part before and have rows in this one, too. `unfiltered`: the second
    is read by itself, without Status.
    """

    second: _Second
    part: _Part = 0
    after: _TaskId | None = None
    listed: tuple[_TaskId, ...] = ()
    unfiltered: bool = False

    @property
    def position(self) -> Position:
        """The position to resume from."""
        return Position(self.second, self.part)
