"""The text of a message to people: what was closed, what failed, and where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from functions.events.change import Action, ChangeRecord
from functions.model import Status
from functions.tasks.report import Outcome

TITLE = "cdn-task-status"
"""Every message begins with it: DingTalk's robots can be told to take only messages with a keyword."""


def message_on(records: Sequence[ChangeRecord], page_url: str | None, max_bytes: int) -> str:
    """A text of at most `max_bytes` in UTF-8: all changes counted, those that did not succeed named if they fit."""
    bad = [record for record in records if record.outcome != Outcome.SUCCEEDED]
    named = list(records) if len(records) == 1 else bad
    text = _headline(records)
    for number, record in enumerate(named):
        entry = "\n".join(("", *_lines(record, page_url)))
        left = len(named) - number
        # Room is kept for the line that says how many are left out.
        if len(f"{text}{entry}\nand {left} more".encode()) > max_bytes:
            return f"{text}\nand {left} more"
        text += entry
    return text


def _headline(records: Sequence[ChangeRecord]) -> str:
    if len(records) == 1:
        return f"{TITLE}: {records[0].outcome}"
    counts = Counter(str(record.outcome) for record in records)
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    return f"{TITLE}: {len(records)} changes closed, {outcomes}"


def _lines(record: ChangeRecord, page_url: str | None) -> Iterator[str]:
    name = f"oss://{record.bucket}/{record.key}"
    yield _printable(name)
    for action in record.actions:
        if _word(action) != Status.COMPLETE:
            yield _printable(f"{action.kind} {action.object_path} ({action.product}): {_word(action)}")
    if page_url:
        yield f"{page_url}{'&' if '?' in page_url else '?'}object={quote(name, safe='')}"


def _word(action: Action) -> str:
    return action.refusal or action.status or Status.UNKNOWN


def _printable(text: str) -> str:
    """Without line breaks and other control characters, which a key may hold."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
