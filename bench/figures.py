"""What a case found: figures with their units, beside a bar and the two baselines."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Bar(msgspec.Struct, frozen=True):
    """The most that a figure may be, and in words where that comes from."""

    most: float
    words: str


class Baselines(msgspec.Struct, frozen=True):
    """What a user would get today; None where it means nothing. A sample that was scaled up says so in `note`."""

    sequence: float | None = None
    gather: float | None = None
    note: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one case. `unit` stands behind every number of the line; no bar: for information."""

    case: str
    what: str
    ours: float
    unit: str
    bar: Bar | None = None
    baselines: Baselines = Baselines()
    more_is_better: bool = False

    @property
    def missed(self) -> bool:
        """Whether there is a bar and this is over it."""
        return self.bar is not None and self.ours > self.bar.most

    def times(self, baseline: float | None) -> float | None:
        """How many times better than a baseline we are; None where that cannot be said."""
        if baseline is None or not self.ours or not baseline:
            return None
        return self.ours / baseline if self.more_is_better else baseline / self.ours


class CaseResult(msgspec.Struct, frozen=True):
    """All that a case has to say: lines of the table, and text to stand below it."""

    lines: Sequence[Line]
    text: str = ""
