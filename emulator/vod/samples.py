"""What VOD starts with: the vendor's own samples, moved into the three-day window, and one of a job that moves."""

from __future__ import annotations

from emulator.tasks.product import Sample
from emulator.tasks.transition import Row, Transition
from emulator.vod.media import MediaJob

HOUR = 3_600.0
PLAY_URLS = ("http://vod.example.com/movie.m3u8", "http://vod.example.com/movie-0001.ts")

SAMPLES = (
    Sample(task_id="704225667", rows=(Row("http://example.com/1.txt", description="Internal Error"),), age=30 * HOUR),
    Sample(
        task_id="31000004",
        rows=tuple(map(Row, PLAY_URLS)),
        object_type="preload",
        transition=Transition(by="seconds", length=90.0, pending=0.3),
    ),
)
JOB = MediaJob(job_id="41d465e31957", media_id="movie", task_ids=("31000004",), play_urls=PLAY_URLS)
