"""The tasks ESA starts with: one that is over, and some that move."""

from __future__ import annotations

from emulator.tasks.product import Sample
from emulator.tasks.transition import Row, Transition

HOUR = 3_600.0

SAMPLES = (
    Sample(task_id="1594095600000001", rows=(Row("http://www.example.com/1.jpg"),), age=10 * HOUR),
    Sample(
        task_id="1594095600000002",
        rows=(Row("http://img.example.net/film.mp4"), Row("http://img.example.net/film-2.mp4")),
        object_type="preload",
        transition=Transition(by="seconds", length=60.0),
    ),
)
