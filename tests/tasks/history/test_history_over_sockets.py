"""The history through the official SDKs, on real sockets: what one instance saw done, another answers."""

from __future__ import annotations

import asyncio
from contextlib import closing

from emulator.testing import Emulator
from functions.model import Moment, Row, Status, SystemClock, TaskKey, TaskSnapshot, make_snapshot
from functions.settings import read_settings
from functions.store.oss import OssStore, open_store
from functions.tasks.history.history import History
from functions.tasks.query import ListQuery
from functions.upstream.credentials import CredentialSource
from tests.support.real_service import KEY, environment_of, real_service


def test_a_task_that_the_vendor_no_longer_knows_is_answered_from_the_bucket(emu: Emulator) -> None:
    emu.oss.create_bucket("kept")
    task = emu.tasks.add("cdn", ["http://a.example.com/1"], age=100)
    where = {"STORE": "oss://kept/status", "OSS_ENDPOINT": emu.url}
    with real_service(emu, None, **where) as real:
        (before,) = real.report(f"cdn:{task}").tasks
    emu.tasks.remove("cdn", task)
    with real_service(emu, None, **where) as real:
        report = real.report(f"cdn:{task},cdn:999")
    (after,) = report.tasks
    assert (after.id, after.source, after.checked_at) == (f"cdn:{task}", "history", before.checked_at)
    assert [each.id for each in report.not_found] == ["cdn:999"]


def test_lists_and_questions_by_url_reach_back_into_the_bucket(emu: Emulator) -> None:
    emu.oss.create_bucket("kept")
    url, where = "http://a.example.com/x/1.jpg", {"STORE": "oss://kept/status", "OSS_ENDPOINT": emu.url}
    five_days_ago = SystemClock().now().later(-5 * 86_400)
    purge = done_task(TaskKey("dcdn", "1"), "http://a.example.com/x/", "directory", five_days_ago.later(-5))
    file = done_task(TaskKey("cdn", "2"), url, "file", five_days_ago)
    store = open_store(read_settings(environment_of(emu, **where)), CredentialSource(KEY))
    with closing(store):
        asyncio.run(keep(store, purge, file))
    emu.oss.put("kept", "status/tasks/cdn/2020-01-01/by hand", b"", event=None)
    with real_service(emu, None, **where) as service:
        for query in (
            ListQuery(products=("cdn", "dcdn"), end=five_days_ago.later(86_400).utc),
            ListQuery(products=("cdn", "dcdn"), object_paths=(url,)),
        ):
            page = service.run(service.service.list(query)).page
            assert [(each.id, each.source) for each in page.tasks] == [("cdn:2", "history"), ("dcdn:1", "history")]
            assert (page.problems, page.next_page_token) == ((), None)


def done_task(key: TaskKey, path: str, object_type: str, created: Moment) -> TaskSnapshot:
    row = Row(key.task_id, path, object_type, Status.COMPLETE, "Complete", 100.0, created.utc)
    seen = created.later(600)
    return make_snapshot(key, (row,), checked=seen, unchanged_since=seen, first_asked=seen)


async def keep(store: OssStore, *tasks: TaskSnapshot) -> None:
    history = History(store, SystemClock())
    await history.keep(tasks)
    await history.settle()
