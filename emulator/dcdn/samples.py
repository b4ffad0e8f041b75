"""The tasks DCDN starts with: the vendor's own samples, moved into the three-day window, and some that move."""

from __future__ import annotations

from emulator.tasks.product import Sample
from emulator.tasks.transition import Row, Transition

HOUR = 3_600.0

SAMPLES = (
    Sample(
        task_id="113681", rows=(Row("http://example.com/image_01.png", description="Internal Error"),), age=20 * HOUR
    ),
    Sample(
        task_id="31000002",
        rows=(
            Row("http://static.example.com/app.js"),
            Row("http://static.example.com/app.css", "Failed", 25.0, "Origin Timeout"),
        ),
        transition=Transition(by="seconds", length=40.0),
    ),
)
