"""What the service hands to a door: a report, and what the door says beside it in headers."""

from __future__ import annotations

from typing import Protocol

import msgspec

from functions.errors import TaskStatusError
from functions.tasks.query import ListQuery, LookupQuery, Scope
from functions.tasks.report import Problem, QuotaReport, TaskList, TaskReport
from functions.tasks.submit import Submission, SubmitAnswer


class Timing(msgspec.Struct, frozen=True):
    """What one product cost a question: seconds waited for it, vendor calls its answers came in, ids known already."""

    product: str
    seconds: float
    calls: int
    hits: int = 0


class LookupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A report; while it is not done, `retry_after` (whole seconds) and `next_look` say when it may change."""

    report: TaskReport
    retry_after: int | None
    next_look: float = 1.0
    timings: tuple[Timing, ...] = ()


class ListAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    page: TaskList
    timings: tuple[Timing, ...] = ()


class QuotaAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of the day's quotas."""

    report: QuotaReport
    timings: tuple[Timing, ...] = ()


class NothingAnswered(TaskStatusError):  # noqa: N818 -- it says what happened
    """Raised when no product at all answered a question; carries a problem for each."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """`problems` has at least one entry."""
        super().__init__(", ".join(f"{problem.product}: {problem.reason}" for problem in problems))
        self.problems = problems


class Tasks(Protocol):
    """What doors ask. Both verbs raise NothingAnswered, and InvalidRequest for what only the service can know."""

    async def lookup(self, query: LookupQuery) -> LookupAnswer:
        """Every id asked, exactly once: found, not found, or undecided."""

    async def list(self, query: ListQuery) -> ListAnswer:
        """Tasks with a matching row, newest first."""

    async def quota(self, scope: Scope) -> QuotaAnswer:
        """What is left of the day's quotas, of every product in `scope`."""

    async def follow_urls(self, product: str, urls: tuple[str, ...]) -> LookupAnswer:
        """The tasks that the product knows for these URLs (list by ObjectPath), each looked up whole."""

    async def submit(self, submission: Submission) -> SubmitAnswer:
        """Submit URLs; every one of them is accounted for. Raises nothing for what the vendor says."""
