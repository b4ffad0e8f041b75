"""The tasks VOD starts with: the vendor's own samples, moved into the three-day window, and some that move."""

from __future__ import annotations

from emulator.tasks.product import Sample
from emulator.tasks.transition import Row, Transition

HOUR = 3_600.0

SAMPLES = (
    Sample(task_id="704225667", rows=(Row("http://example.com/1.txt", description="Internal Error"),), age=30 * HOUR),
    Sample(
        task_id="31000004",
        rows=(Row("http://vod.example.com/movie.m3u8"), Row("http://vod.example.com/movie-0001.ts")),
        object_type="preload",
        transition=Transition(by="seconds", length=90.0, pending=0.3),
    ),
)
