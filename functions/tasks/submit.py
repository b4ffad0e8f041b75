"""Submitting: what can be handed in, and what the answer tells. These types are the contract of `POST /v1/tasks`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from functions.errors import RejectReason, TaskStatusError
from functions.model import split_account
from functions.products.registry import SPECS
from functions.products.submit.rejections import Accepted, Refused, RejectionCause, Submitted
from functions.tasks.query import EVERYTHING, Scope
from functions.tasks.report import AccountWord

OBJECT_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"refresh": ("file", "directory", "regex", "ignoreparams"), "preload": ("file",)}
)
"""What can be submitted: object types by action. Tasks of a prefetch are reported as `preload`."""


def submittable(product: str) -> Mapping[str, tuple[str, ...]]:
    """What `product` knows of these: object types by action."""
    _, bare = split_account(product)
    known = SPECS[bare].submits
    return {
        action: tuple(each.object_type for each in known if each.action == action and each.object_type in object_types)
        for action, object_types in OBJECT_TYPES.items()
    }


MAX_URL = 4_096
"""Characters. The vendor documents 1,024 for a prefetch and refuses what it does not want."""
_URL = re.compile(r"(https?://)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?(:[0-9]{1,5})?/[^\s\x00-\x1f\x7f]*", re.IGNORECASE)
"""A plain host, so that everybody reads the same one out of it; then anything but blanks: line breaks part URLs."""


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """URLs to refresh or to prefetch in one product, for a caller with `scope`. A URL named twice is submitted once."""

    action: str
    product: str
    object_paths: tuple[str, ...]
    object_type: str = "file"
    scope: Scope = EVERYTHING


class _Contract(msgspec.Struct, frozen=True, rename="camel"):
    """camelCase outside."""


class SubmittedTask(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """A task that was made by the submission; `id` is valid as a `taskId`."""

    id: str
    product: str
    task_id: str
    action: str
    object_type: str
    account: AccountWord | None = None


class Rejection(_Contract, frozen=True, kw_only=True, omit_defaults=True):
    """URLs that were not submitted, or, with `unknown-outcome`, not surely. No `retryAfter`: do not retry soon."""

    object_paths: tuple[str, ...]
    reason: str
    vendor_code: str | None
    retry_after: int | None = None


class SubmitReport(_Contract, frozen=True, kw_only=True):
    """The answer to a submission: every URL that is not in `rejected` belongs to one of `tasks`."""

    tasks: tuple[SubmittedTask, ...]
    rejected: tuple[Rejection, ...]


class SubmitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A report, and which URLs went into which tasks: every distinct URL is in `accepted` or in `report.rejected`.

    It took so many `seconds` and vendor `calls`.
    """

    report: SubmitReport
    accepted: tuple[Accepted, ...]
    seconds: float = 0.0
    calls: int = 0

    @property
    def without_effect(self) -> bool:
        """Whether surely nothing was submitted."""
        return not self.accepted and all(RejectReason(each.reason).certain for each in self.report.rejected)


class NothingSubmitted(TaskStatusError):  # noqa: N818 -- it says what happened
    """Raised when a caller got no task at all; `rejected` has at least one entry."""

    def __init__(self, rejected: tuple[Rejection, ...]) -> None:
        """`reason` is the one to tell the caller: the unknown first, else that of most URLs."""
        sizes: dict[str, int] = {}
        for each in rejected:
            sizes[each.reason] = sizes.get(each.reason, 0) + len(each.object_paths)
        unknown = next((reason for reason in sizes if not RejectReason(reason).certain), None)
        self.reason = unknown or max(sizes, key=lambda reason: sizes[reason])
        super().__init__(self.reason)
        self.rejected = rejected


def path_fault(object_path: str, object_type: str) -> str | None:
    """What is wrong with a URL, in words for its sender; None when it can be submitted."""
    if len(object_path) > MAX_URL:
        return f"a URL may have {MAX_URL} characters"
    if not _URL.fullmatch(object_path):
        return "it must be like https://www.example.com/path: a host and a path, without blanks; https:// may be absent"
    if object_type == "directory" and not object_path.endswith("/"):
        return "a directory ends with /"
    return None


def well_formed(submission: Submission) -> tuple[tuple[str, ...], tuple[Refused, ...]]:
    """The distinct URLs that can be sent, and those that cannot."""
    distinct = dict.fromkeys(submission.object_paths)
    wrong = tuple(path for path in distinct if path_fault(path, submission.object_type))
    refused = (Refused(wrong, RejectionCause(reason=RejectReason.INVALID_OBJECT_PATH)),) if wrong else ()
    return tuple(path for path in distinct if path not in set(wrong)), refused


def unsupported(object_paths: tuple[str, ...]) -> Submitted:
    """What becomes of URLs when the product knows no such submission."""
    return Submitted(refused=(Refused(object_paths, RejectionCause(reason=RejectReason.OBJECT_TYPE_UNSUPPORTED)),))


def report_on(submission: Submission, accepted: Iterable[Accepted], refused: Iterable[Refused]) -> SubmitReport:
    """Each task once, and rejected URLs grouped by cause."""
    keys = dict.fromkeys(key for each in accepted for key in each.tasks)
    object_type = "preload" if submission.action == "preload" else submission.object_type
    account, product = split_account(submission.product)
    tasks = tuple(
        SubmittedTask(
            id=str(key),
            account=account,
            product=product,
            task_id=key.task_id,
            action=submission.action,
            object_type=object_type,
        )
        for key in keys
    )
    return SubmitReport(tasks=tasks, rejected=tuple(_rejections(refused)))


def _rejections(refused: Iterable[Refused]) -> Iterable[Rejection]:
    together: dict[RejectionCause, list[str]] = {}
    for each in refused:
        together.setdefault(each.cause, []).extend(each.object_paths)
    for cause, paths in together.items():
        seconds = cause.retry_after
        yield Rejection(
            object_paths=tuple(paths),
            reason=cause.reason.value,
            vendor_code=cause.vendor_code,
            retry_after=None if seconds is None else max(1, math.ceil(seconds)),
        )
