"""Jobs that refresh or preload media of VOD, through the real SDK (docs/vendor.md 1.7)."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from alibabacloud_vod20170321 import models

from emulator.testing import Emulator
from tests.emulator.clients import refusal, vod

URLS = ("http://vod.example.com/a.m3u8", "http://vod.example.com/a-0001.ts")


def submit(emu: Emulator, media_ids: str, task_type: str = "Preload") -> Any:
    ask = models.RefreshMediaPlayUrlsRequest(media_ids=media_ids, task_type=task_type, user_data="mine")
    return vod(emu).refresh_media_play_urls(ask).body


def jobs(emu: Emulator, job_id: str, media_id: str | None = None) -> list[Any]:
    ask = models.GetMediaRefreshJobsRequest(media_refresh_job_id=job_id, media_id=media_id)
    return list(vod(emu).get_media_refresh_jobs(ask).body.media_refresh_jobs)


@pytest.mark.parametrize(("task_type", "object_type"), [("Refresh", "file"), ("Preload", "preload")])
def test_each_url_of_a_video_has_a_task_of_its_own(emu: Emulator, task_type: str, object_type: str) -> None:
    emu.media.add("video", URLS)
    submitted = submit(emu, "video,unknown", task_type)
    assert submitted.non_exist_media_ids == "unknown"
    (job,) = jobs(emu, submitted.media_refresh_job_id)
    assert (job.media_id, job.task_type, job.status, job.user_data) == ("video", task_type, "success", "mine")
    tasks = [emu.tasks.get("vod", task_id) for task_id in job.task_ids.split(",")]
    assert [(task.object_type, task.rows[0].object_path) for task in tasks if task] == [
        (object_type, url) for url in URLS
    ]


def test_a_submission_that_fails_is_a_job_that_failed(emu: Emulator) -> None:
    emu.media.add("good", URLS[:1])
    added = {"mediaId": "bad", "playUrls": URLS, "errorCode": "PreloadQueueFull"}
    content = msgspec.json.encode(added)
    assert httpx.post(f"{emu.url}/_emulator/media", content=content, trust_env=False).status_code == 204
    job_id = submit(emu, "good,bad").media_refresh_job_id
    (failed,) = jobs(emu, job_id, "bad")
    assert (failed.status, failed.error_code, failed.task_ids) == ("fail", "PreloadQueueFull", None)
    emu.limits.set_quota("vod", "preload", total=0)
    (spent,) = jobs(emu, submit(emu, "good").media_refresh_job_id)
    assert (spent.status, spent.error_code) == ("fail", "QuotaExceeded.Preload")


def test_what_cannot_be_is_refused_and_an_unknown_job_is_empty(emu: Emulator) -> None:
    assert refusal(lambda: submit(emu, "video", "Delete")) == (400, "InvalidParameter")
    assert refusal(lambda: submit(emu, ",".join(map(str, range(21))))) == (400, "InvalidParameter")
    assert refusal(lambda: jobs(emu, "")) == (400, "MissingMediaRefreshJobId")
    assert jobs(emu, "none") == []
