"""Reports, lists and quotas as lines of plain text.

Whatever the service or the vendor wrote is made printable first: no terminal obeys it, and no line of a log begins or
ends within it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cdn_task_status_cli.asking.shapes import (
    BAD_STATES,
    STATES,
    Problem,
    Quotas,
    Rejection,
    Report,
    Row,
    Task,
    Undecided,
)

NOT_ACTIVATED = "not-activated"
_SHOWN_URLS = 20


def printable(text: str) -> str:
    """The same text, with everything that steers a terminal or a log escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def report_lines(report: Report) -> Iterator[str]:
    """Every id asked, and the rows that went wrong."""
    for task in report.tasks:
        yield task_line(task)
        yield from _bad_rows(task)
    for missing in report.not_found:
        yield printable(
            f"{missing.id}  not found{' yet' if missing.may_appear else ''}  ({', '.join(missing.products)})"
        )
    for undecided in report.undecided:
        yield undecided_line(undecided, report.problems)


def undecided_line(undecided: Undecided, problems: Iterable[Problem]) -> str:
    """An id that could not be decided, whose fault that is, and whether another product may still come to know it."""
    appears = ", may appear" if undecided.may_appear else ""
    return printable(f"{undecided.id}  undecided{appears}  ({_reasons(undecided.products, problems)})")


def task_line(task: Task) -> str:
    """One task: what it is, how far it is, how many of its URLs are in which state."""
    progress = "" if task.progress is None else f"{task.progress:g} %"
    counts = ", ".join(f"{task.count(state)} {state}" for state in STATES if task.count(state))
    parts = (task.id, task.action, task.object_type, task.status, progress, counts)
    return printable("  ".join(part for part in parts if part))


def task_table(tasks: Iterable[Task]) -> Iterator[str]:
    """A list as a table, newest first; of a question by URL it tells how each task concerns it."""
    tasks = tuple(tasks)
    matched = any(task.match for task in tasks)
    rows = [
        (
            task.id,
            (task.created_at or "").removesuffix("Z").replace("T", " "),
            task.action,
            task.object_type,
            task.status,
            "" if task.progress is None else f"{task.progress:g} %",
            *((task.match or "",) if matched else ()),
            _sample(task),
        )
        for task in tasks
    ]
    head = ("ID", "CREATED (UTC)", "ACTION", "TYPE", "STATUS", "PROGRESS", *(("MATCH",) if matched else ()), "URL")
    return _table(head, rows)


def quota_lines(quotas: Quotas) -> Iterator[str]:
    """What is left today as a table."""
    rows = [(each.name, each.kind, _figure(each.remaining), _figure(each.quota)) for each in quotas.quotas]
    return _table(("PRODUCT", "KIND", "LEFT TODAY", "OF"), rows)


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Products that could not be asked; that an account has no such product is no problem."""
    for problem in problems:
        if problem.reason != NOT_ACTIVATED:
            yield printable(f"{problem.name} could not be asked: {problem.reason}")


def rejection_lines(rejected: Iterable[Rejection]) -> Iterator[str]:
    """Every URL that was not submitted, and why."""
    for rejection in rejected:
        why = rejection.reason + (f" ({rejection.vendor_code})" if rejection.vendor_code else "")
        for path in rejection.object_paths[:_SHOWN_URLS]:
            yield printable(f"not submitted: {why}: {path}")
        if (more := len(rejection.object_paths) - _SHOWN_URLS) > 0:
            yield printable(f"not submitted: {why}: {more} more")


def _bad_rows(task: Task) -> Iterator[str]:
    bad = [row for row in task.objects if row.status in BAD_STATES]
    for row in bad:
        yield printable(f"  {row.status}  {row.object_path}  {_why(row)}".rstrip())
    if (more := task.count(*BAD_STATES) - len(bad)) > 0:
        yield f"  and {more} more"


def _why(row: Row) -> str:
    return f"{row.error.reason}: {row.error.message}" if row.error else row.raw_status


def _reasons(products: Sequence[str], problems: Iterable[Problem]) -> str:
    named = [f"{each.name}: {each.reason}" for each in problems if each.name in products]
    return ", ".join(named or products)


def _sample(task: Task) -> str:
    if not task.objects:
        return ""
    more = task.object_counts.get("total", 1) - 1
    return task.objects[0].object_path + (f" and {more} more" if more else "")


def _figure(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    lines = [head, *(tuple(map(printable, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
