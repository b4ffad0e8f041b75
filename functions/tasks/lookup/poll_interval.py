"""When it is worth asking the vendor about a moving task again; decided here for everybody who asks or waits."""

from __future__ import annotations

from functions.model import SECOND_LOOK_SECONDS, Moment, TaskSnapshot

SOON_SECONDS = 1.0
AFTER_FAULT_SECONDS = 2.0
"""After a product failed without naming a time."""
PACE_SLACK_SECONDS = 0.3
"""Tasks due within this are asked along with the one that is due, in the same call."""
_YOUNG_SECONDS = 30.0
_STEADY_SECONDS = 3.0
_OLD_SECONDS = 600.0
_SLOW_SECONDS = 10.0
_NEAR_THE_END = 90.0


def seconds_to_next_look(snapshot: TaskSnapshot, now: Moment) -> float:
    """From one look to the next: quick at first, slower later, quicker again near the end.

    Soon after a first look, which may be old (facts 1.2); at a settling time for rows that are all terminal. Refreshes
    take 5-6 minutes, prefetches up to 30 and longer (facts part 2), so a steady pace in between costs nobody anything.
    """
    if not snapshot.found:
        return SOON_SECONDS
    if all(row.status.terminal for row in snapshot.rows):
        return max(SECOND_LOOK_SECONDS - snapshot.unchanged_since.age_at(snapshot.checked), SOON_SECONDS)
    if not snapshot.primed or snapshot.first_asked.age_at(now) < _YOUNG_SECONDS or _nearly_over(snapshot):
        return SOON_SECONDS
    return _STEADY_SECONDS if snapshot.unchanged_since.age_at(now) < _OLD_SECONDS else _SLOW_SECONDS


def _nearly_over(snapshot: TaskSnapshot) -> bool:
    return all(row.status.terminal or (row.progress or 0) >= _NEAR_THE_END for row in snapshot.rows)
