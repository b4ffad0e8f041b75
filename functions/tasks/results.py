"""What the service answers: a report, and what belongs into headers beside it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from functions.errors import TaskStatusError
from functions.tasks.query import ListQuery, LookupQuery, Scope
from functions.tasks.report import Problem, QuotaReport, TaskList, TaskReport, product_name
from functions.tasks.submit import Submission, SubmitAnswer


class Timing(msgspec.Struct, frozen=True):
    """What one product cost a query: seconds waited, vendor calls its answers came in, ids answered without a call."""

    product: str
    seconds: float
    calls: int
    hits: int = 0


class LookupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A report; until it is done, `retry_after` (whole seconds) and `next_look` (seconds) say when it may change."""

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
    """Raised when no product at all answered a query; carries a problem for each."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """`problems` is empty only after an error in this program."""
        super().__init__(", ".join(f"{product_name(problem)}: {problem.reason}" for problem in problems))
        self.problems = problems


class Tasks(Protocol):
    """The service as `api` and `events` call it. All verbs may raise NothingAnswered and InvalidRequest."""

    async def lookup(self, query: LookupQuery) -> LookupAnswer:
        """Every id asked, exactly once: found, not found, or undecided."""

    async def job(self, product: str, job_id: str, query: LookupQuery) -> LookupQuery | None:
        """The lookup of a job's tasks, asked for like `query`; None for a job that is unknown, or not the caller's."""

    async def list(self, query: ListQuery) -> ListAnswer:
        """Tasks with a matching row, newest first."""

    async def quota(self, scope: Scope, products: tuple[str, ...] | None = None) -> QuotaAnswer:
        """What is left of the day's quotas, of those of `products` in `scope`; None: of the own account's."""

    async def follow_urls(self, product: str, urls: tuple[str, ...]) -> LookupAnswer:
        """The tasks of the product that concern these URLs, each looked up whole and with its `match`."""

    async def submit(self, submission: Submission) -> SubmitAnswer:
        """Submit URLs; every one of them is accounted for. Raises nothing for what the vendor says."""

    async def settle(self) -> None:
        """Do what no answer should wait for, within seconds; for when the answer is sent. Raises nothing."""
