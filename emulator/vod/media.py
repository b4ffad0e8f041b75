"""Jobs that refresh or preload media: each play URL of each video has a task (docs/vendor.md 1.7)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from emulator.core.accounts import DEFAULT_ACCOUNT
from emulator.core.errors import ApiError, ErrorResponse, api_error
from emulator.tasks.backend import TaskBackend
from emulator.tasks.product import Body, Context, Operation, Parameter
from emulator.tasks.submits import PRELOAD, refresh_types, submit
from emulator.vod import errors

PRODUCT = "vod"
MAX_MEDIA = 20
TASK_TYPES = {"Refresh": (refresh_types()["file"], errors.REFRESH), "Preload": (PRELOAD, errors.PRELOAD)}
TOO_MANY_MEDIA = ErrorResponse(400, "InvalidParameter", "MediaIds exceeds the limit of 20.")
JOB_ID = Parameter("MediaRefreshJobId", required=True)
SUBMIT_PARAMETERS = (
    *map(Parameter, ("Definitions", "Formats")),
    Parameter("MediaIds", required=True),
    Parameter("ResultType"),
    Parameter("SliceCount", "Integer"),
    Parameter("SliceFlag", "Boolean"),
    Parameter("StreamType"),
    Parameter("TaskType", required=True),
    Parameter("UserData"),
)


class MediaItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A video and where it is played; `error_code` makes its jobs fail at submission."""

    media_id: str
    play_urls: tuple[str, ...]
    error_code: str | None = None


class MediaJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that preloads one video by tasks that are there."""

    job_id: str
    media_id: str
    task_ids: tuple[str, ...]
    play_urls: tuple[str, ...]


class Media:
    """The account's media. Kept beside the tasks, and cleared with them."""

    def __init__(self, tasks: TaskBackend) -> None:
        """Those that `tasks` keeps."""
        self._tasks = tasks

    def add(self, media_id: str, play_urls: Iterable[str], *, error_code: str | None = None) -> None:
        """Add a video."""
        self.put(MediaItem(media_id=media_id, play_urls=tuple(play_urls), error_code=error_code))

    def put(self, item: MediaItem) -> None:
        """The same, as a value."""
        self._tasks.documents(PRODUCT, "media")[item.media_id] = item

    def add_job(self, job: MediaJob, now: float) -> None:
        """Add a job that was submitted at `now`."""
        head = _head(job.job_id, job.media_id, "Preload", now)
        self._tasks.documents(PRODUCT, "jobs")[job.job_id] = (
            DEFAULT_ACCOUNT,
            [_taken(head, job.task_ids, job.play_urls)],
        )


def _submit(context: Context) -> Body:
    media_ids = list(dict.fromkeys(context.params["MediaIds"].split(",")))
    task_type = context.params["TaskType"]
    if len(media_ids) > MAX_MEDIA:
        raise ApiError(TOO_MANY_MEDIA)
    if task_type not in TASK_TYPES:
        raise api_error(400, "InvalidParameter", "The specified TaskType is invalid.")
    known = context.tasks.documents(PRODUCT, "media")
    job_id = secrets.token_hex(16)
    jobs = [_job(context, job_id, known[media_id]) for media_id in media_ids if media_id in known]
    context.tasks.documents(PRODUCT, "jobs")[job_id] = (context.account, jobs)
    missing = ",".join(media_id for media_id in media_ids if media_id not in known)
    return {"MediaRefreshJobId": job_id, "NonExistMediaIds": missing, "ForbiddenMediaIds": ""}


def _job(context: Context, job_id: str, item: MediaItem) -> dict[str, Any]:
    job = _head(job_id, item.media_id, context.params["TaskType"], context.now, context.get("UserData") or "")
    try:
        if item.error_code is not None:
            raise api_error(400, item.error_code, "The job could not be submitted.")
        submit_type, submit_errors = TASK_TYPES[context.params["TaskType"]]
        one_a_url = msgspec.structs.replace(submit_type, rows_a_task=1)
        task_ids = submit(context, "\n".join(item.play_urls), one_a_url, submit_errors)
    except ApiError as error:
        return {**job, "Status": "fail", "ErrorCode": error.response.code, "ErrorMessage": error.response.message}
    return _taken(job, (task_ids,), item.play_urls)


def _head(job_id: str, media_id: str, task_type: str, now: float, user_data: str = "") -> dict[str, Any]:
    time = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "MediaRefreshJobId": job_id,
        "MediaId": media_id,
        "TaskType": task_type,
        "GmtCreate": time,
        "GmtModified": time,
        "UserData": user_data,
    }


def _taken(head: Mapping[str, Any], task_ids: Iterable[str], play_urls: Iterable[str]) -> dict[str, Any]:
    return {**head, "Status": "success", "TaskIds": ",".join(task_ids), "SuccessPlayUrls": ",".join(play_urls)}


def _describe(context: Context) -> Body:
    account, jobs = context.tasks.documents(PRODUCT, "jobs").get(context.params["MediaRefreshJobId"], ("", []))
    media_id = context.get("MediaId")
    shown = [job for job in jobs if account == context.account and media_id in (None, job["MediaId"])]
    return {"MediaRefreshJobs": shown}


OPERATIONS = (
    Operation("RefreshMediaPlayUrls", SUBMIT_PARAMETERS, _submit),
    Operation("GetMediaRefreshJobs", (Parameter("MediaId"), JOB_ID), _describe),
)
