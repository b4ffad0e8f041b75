"""What people hand in: ids as they paste them, URLs, times and durations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TextIO

from cdn_task_status_cli.faults import UsageError

_BETWEEN_IDS = re.compile(r"[\s,;、|\"'\[\](){}<>]+")
_ID = re.compile(r"(([a-z][a-z0-9-]{0,31}/)?[a-z]+:)?[0-9]{1,30}")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)")
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHOWN = 60
FROM_STDIN = "-"


def words_of(arguments: Iterable[str], stdin: TextIO) -> tuple[str, ...]:
    """The arguments; `-` stands for the lines of standard input. Raises UsageError when there are none."""
    words = [word.strip() for argument in arguments for word in (stdin if argument == FROM_STDIN else (argument,))]
    given = tuple(word for word in words if word)
    if not given:
        raise UsageError("nothing is given")
    return given


def choices_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The distinct words of an option that may be repeated, or hold several parted by commas."""
    words = (word.strip().lower() for text in texts for word in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def ids_of(words: Iterable[str]) -> tuple[str, ...]:
    """The distinct ids in any text that holds nothing else. Raises UsageError, naming what is no id.

    Commas of all kinds, lines, quotes and brackets may part them: a RefreshTaskId of the vendor is `1,2`, a JSON list
    of them `["1,2", "3"]`, and Chinese keyboards write full-width signs.
    """
    text = unicodedata.normalize("NFKC", " ".join(words)).lower()
    found = list(dict.fromkeys(word for word in _BETWEEN_IDS.split(text) if word))
    wrong = [word[:_SHOWN] for word in found if not _ID.fullmatch(word)]
    if wrong or not found:
        named = ", ".join(map(repr, wrong)) or "nothing"
        raise UsageError(f"no task id: {named}; an id is digits like 24840, or with its product like cdn:24840")
    return tuple(found)


def seconds_of(text: str) -> float:
    """`90`, `90s`, `10m`, `1h`, `3d` in seconds. Raises UsageError."""
    matched = _DURATION.fullmatch(text.strip().lower())
    if not matched:
        raise UsageError(f"no duration: {text[:_SHOWN]!r}; examples: 90, 90s, 10m, 1h")
    number, unit = matched.groups()
    return float(number) * _UNIT_SECONDS[unit]


def instant_of(text: str, now: datetime) -> str:
    """An RFC 3339 time in UTC, from one, or from a duration before `now`. Raises UsageError."""
    is_duration = _DURATION.fullmatch(text.strip().lower())
    instant = now - timedelta(seconds=seconds_of(text)) if is_duration else _moment(text)
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"no time: {text[:_SHOWN]!r}; examples: 2h, 3d, 2026-11-22T03:30:00Z") from None
    # Without an offset it is the clock on the caller's wall.
    return moment.astimezone()
