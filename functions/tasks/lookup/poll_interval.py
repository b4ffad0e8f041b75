"""When it is worth asking the vendor about a moving task again, for everybody who polls or waits."""

from __future__ import annotations

from functions.model import SECOND_LOOK_SECONDS, Moment, TaskSnapshot

SOON_SECONDS = 1.0
AFTER_FAULT_SECONDS = 2.0
"""After a product failed without naming a time."""
POLL_TOGETHER_SECONDS = 0.3
"""Tasks that are due within this time are asked in the call of the first one."""
_YOUNG_SECONDS = 30.0
_STEADY_SECONDS = 3.0
_OLD_SECONDS = 600.0
_SLOW_SECONDS = 10.0
_NEARLY_COMPLETE_PERCENT = 90.0


def seconds_to_next_look(snapshot: TaskSnapshot, now: Moment) -> float:
    """Seconds from one look to the next: short at first, longer later, short again near the end.

    Short after a first look, because it may be old (docs/vendor.md 1.2); as long as settling takes when all rows are
    terminal. Refreshes take 5 to 6 minutes and prefetches 30 and more (docs/vendor.md 2).
    """
    if not snapshot.found:
        return SOON_SECONDS
    if all(row.status.terminal for row in snapshot.rows):
        return max(SECOND_LOOK_SECONDS - snapshot.unchanged_since.age_at(snapshot.checked), SOON_SECONDS)
    if not snapshot.primed or snapshot.first_asked.age_at(now) < _YOUNG_SECONDS or _nearly_complete(snapshot):
        return SOON_SECONDS
    return _STEADY_SECONDS if snapshot.unchanged_since.age_at(now) < _OLD_SECONDS else _SLOW_SECONDS


def _nearly_complete(snapshot: TaskSnapshot) -> bool:
    return all(row.status.terminal or (row.progress or 0) >= _NEARLY_COMPLETE_PERCENT for row in snapshot.rows)
