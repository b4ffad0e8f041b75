"""The tasks CDN starts with: the vendor's own samples, moved into the three-day window, and some that move."""

from __future__ import annotations

from emulator.tasks.product import Sample
from emulator.tasks.transition import Row, Transition

HOUR = 3_600.0

SAMPLES = (
    # The sample of the by-id page of 2025: complete, and a description all the same (docs/vendor.md 10.7).
    Sample(task_id="24840", rows=(Row("http://example.com/abc.jpg", description="Internal Error"),), age=26 * HOUR),
    # The sample of 2021: two tasks, 18 min 21 s apart.
    Sample(task_id="12345678", rows=(Row("http://example.com/abc.jpg"),), age=2 * HOUR),
    Sample(
        task_id="23456789",
        rows=(Row("http://example.com/bcd.jpg", "Refreshing", 99.37),),
        age=2 * HOUR - (18 * 60 + 21),
    ),
    Sample(
        task_id="31000001",
        rows=tuple(Row(f"http://www.example.com/page-{number}.html") for number in (1, 2, 3)),
        transition=Transition(by="seconds", length=60.0),
    ),
    Sample(
        task_id="31000003",
        rows=tuple(Row(f"http://img.example.com/gallery/{number:04}.jpg") for number in range(2_000)),
        transition=Transition(by="seconds", length=120.0),
    ),
)
