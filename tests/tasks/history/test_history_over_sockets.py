"""The history through the official SDKs, on real sockets: what one instance saw done, another answers."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from pathlib import Path

import pytest

from emulator.testing import Emulator, Refuse
from functions.logs import JsonLines
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


def test_tasks_of_other_accounts_are_kept_apart_from_the_own_ones(emu: Emulator, tmp_path: Path) -> None:
    emu.oss.create_bucket("kept")
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[[account]]\nname = "acme"\nrole = "acs:ram::1234567890123456:role/status"\n', "utf-8")
    where = {"STORE": "oss://kept/status", "OSS_ENDPOINT": emu.url, "ACCOUNTS": str(accounts)}
    created = SystemClock().now().later(-5 * 86_400)
    tasks = [done_task(TaskKey(name, "7"), "http://a.example.com/1", "file", created) for name in ("cdn", "acme/cdn")]
    with closing(open_store(read_settings(environment_of(emu, **where)), CredentialSource(KEY))) as store:
        asyncio.run(keep(store, *tasks))
    with real_service(emu, None, **where) as service:
        for products in (("cdn",), ("acme/cdn",), ("cdn", "acme/cdn")):
            query = ListQuery(products=products, end=created.later(86_400).utc)
            page = service.run(service.service.list(query)).page
            assert [each.id for each in page.tasks] == [f"{name}:7" for name in products]
    assert emu.calls.count("AssumeRole") == 0


@pytest.mark.parametrize("action", ["ListObjectsV2", "GetObject"])
@pytest.mark.parametrize("fault", [Refuse(code="AccessDenied", status=403), Refuse(code="InternalError", status=500)])
def test_a_bucket_that_refuses_is_a_problem_of_the_list_and_named_in_the_log(
    emu: Emulator, action: str, fault: Refuse, caplog: pytest.LogCaptureFixture
) -> None:
    emu.oss.create_bucket("kept")
    where = {"STORE": "oss://kept/status", "OSS_ENDPOINT": emu.url}
    created = SystemClock().now().later(-5 * 86_400)
    with closing(open_store(read_settings(environment_of(emu, **where)), CredentialSource(KEY))) as store:
        asyncio.run(keep(store, done_task(TaskKey("cdn", "2"), "http://a.example.com/1", "file", created)))
    emu.faults.add(action, fault)
    with real_service(emu, None, **where) as service, caplog.at_level(logging.WARNING):
        page = service.run(service.service.list(ListQuery(products=("cdn",), start=created.later(-60).utc))).page
        assert {each.source for each in page.tasks} == {"vendor"}
        assert [(each.product, each.reason) for each in page.problems] == [("cdn", "history-unavailable")]
        assert page.next_page_token is not None
        emu.faults.clear()
        rest = ListQuery(products=("cdn",), start=created.later(-60).utc, page_token=page.next_page_token)
        assert [each.id for each in service.run(service.service.list(rest)).page.tasks] == ["cdn:2"]
    assert any(fault.code in JsonLines().format(record) for record in caplog.records)


def done_task(key: TaskKey, path: str, object_type: str, created: Moment) -> TaskSnapshot:
    row = Row(key.task_id, path, object_type, Status.COMPLETE, "Complete", 100.0, created.utc)
    seen = created.later(600)
    return make_snapshot(key, (row,), checked=seen, unchanged_since=seen, first_asked=seen)


async def keep(store: OssStore, *tasks: TaskSnapshot) -> None:
    history = History(store, SystemClock())
    await history.keep(tasks)
    await history.settle()
