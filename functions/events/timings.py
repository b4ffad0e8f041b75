"""How long things are waited for, in seconds. Tests hand in shorter times."""

from __future__ import annotations

import msgspec

from functions.settings import Settings

RECOVER_SECONDS = 30.0
WRITING_SECONDS = 15.0
"""More than the store takes for one write with all attempts (`store.oss`: 3 calls of 4 s and the pauses between)."""
_RECOVER_MARGIN_SECONDS = 20.0
_SWEEP_MARGIN_SECONDS = 10.0


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """When what is waited for is over.

    `quiet`: a burst has ended when nothing came for so long, or after `hold`.
    `recover`: a claim without tasks is then taken over by a sweep. `owner`: until then its owner may begin to submit.
    `close`: a finished change of this age may be closed; all writes based on an older view are over.
    `sweep`: one sweep.
    `follow`: the search for tasks that somebody else submits.
    `give_up`: the attempts to submit, and to deliver the outcome.
    """

    quiet: float = 0.3
    hold: float = 3.0
    owner: float = 10.0
    recover: float = RECOVER_SECONDS
    close: float = RECOVER_SECONDS + WRITING_SECONDS
    sweep: float = 50.0
    follow: float = 300.0
    give_up: float = 86_400.0


def timings_of(settings: Settings) -> Timings:
    """What the settings leave room for: a submission begun in time is over well before its claim is recovered."""
    recover = max(RECOVER_SECONDS, settings.deadline_seconds + _RECOVER_MARGIN_SECONDS)
    return Timings(
        owner=(recover - settings.deadline_seconds) / 2,
        recover=recover,
        close=recover + WRITING_SECONDS,
        sweep=min(50.0, max(settings.timeout_seconds - _SWEEP_MARGIN_SECONDS, settings.timeout_seconds / 2)),
    )
