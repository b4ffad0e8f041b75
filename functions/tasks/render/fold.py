"""Folds the rows of a task into one status and one progress figure (docs/contract.md 3.4 and 3.6)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from functions.model import Status

_WORST_FIRST = (Status.FAILED, Status.TIMEOUT, Status.CANCELED, Status.COMPLETE)
_WHOLE = 100.0
_HIGHEST_UNFINISHED = 99.99


class Foldable(Protocol):
    """A row as the vendor sent it, a row as it is shown, or a whole task."""

    @property
    def status(self) -> str:
        """One of `Status`."""

    @property
    def progress(self) -> float | None:
        """The vendor's figure, 0 to 100."""


def fold_status(rows: Iterable[Foldable]) -> Status:
    """One state for at least one row; the first of the contract's rules that fits."""
    seen = {row.status for row in rows}
    if Status.RUNNING in seen or (Status.PENDING in seen and len(seen) > 1):
        return Status.RUNNING
    if seen == {Status.PENDING}:
        return Status.PENDING
    if Status.UNKNOWN in seen:
        return Status.UNKNOWN
    return next(status for status in _WORST_FIRST if status in seen)


def fold_progress(rows: Sequence[Foldable], status: Status) -> int | float | None:
    """The mean over rows that have a figure, cut to two decimals; exactly 100 only when complete."""
    if status is Status.COMPLETE:
        return 100
    figures = [figure for row in rows if (figure := _figure(row)) is not None]
    return mean_percent(figures, finished=False)


def mean_percent(figures: Sequence[float], *, finished: bool) -> int | float | None:
    """Mean cut (never rounded up) to two decimals; below 100 unless `finished`; None for no figures."""
    if not figures:
        return None
    # A hair is added before cutting: 74.68 is stored as 74.67999… and must stay 74.68.
    mean = math.floor(math.fsum(figures) / len(figures) * 100 + 1e-6) / 100
    return tidy(min(mean, _WHOLE if finished else _HIGHEST_UNFINISHED))


def tidy(figure: float) -> int | float:
    """Whole figures without a decimal point, as the vendor writes them."""
    return int(figure) if figure == int(figure) else figure


def count_by_status(rows: Iterable[Foldable]) -> Counter[str]:
    """How many rows are in which state."""
    return Counter(row.status for row in rows)


def one_word(words: Iterable[str]) -> str:
    """The word all rows agree on; `mixed` where they differ, which no document rules out."""
    distinct = set(words)
    return distinct.pop() if len(distinct) == 1 else "mixed"


def _figure(row: Foldable) -> float | None:
    if row.status == Status.COMPLETE:
        return _WHOLE
    if row.progress is None and row.status == Status.PENDING:
        return 0.0
    return row.progress
