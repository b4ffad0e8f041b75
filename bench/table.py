"""Prints findings as one Markdown table, fit for the README."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Line

_HEAD = ("case", "figure", "ours", "bar", "met", "SDK in sequence", "SDK by gather", "ratios", "remark")


def heading() -> str:
    """The machine and what else it has to do, the Python, the day: without them no figure means anything."""
    day = datetime.now(UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores of {_processor()}, load {os.getloadavg()[0]:.1f}"
    return f"{machine} · {platform.system()} · Python {platform.python_version()} · {day}"


def table(lines: Sequence[Line]) -> str:
    """One row per line; the ratios are baseline to ours, so above 1 we are better."""
    return grid([_HEAD, *(_cells(line) for line in lines)])


def grid(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, aligned for readers of plain text too; the first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    ruled = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join(f"| {' | '.join(_padded(row, widths))} |" for row in ruled)


def _padded(row: Iterable[str], widths: Iterable[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]


def _cells(line: Line) -> tuple[str, ...]:
    base = line.baselines
    ratios = [line.times(base.sequence), line.times(base.gather)]
    return (
        line.case,
        line.what,
        _amount(line.ours, line.unit),
        f"{_amount(line.bar.most, line.unit)} ({line.bar.words})" if line.bar else "",
        "" if line.bar is None else "NO" if line.missed else "yes",
        _amount(base.sequence, line.unit),
        _amount(base.gather, line.unit),
        " / ".join("-" if ratio is None else f"{_number(ratio)} x" for ratio in ratios) if any(ratios) else "",
        base.note,
    )


def _amount(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    if value and abs(value) < 10:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:,.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:,.0f}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
