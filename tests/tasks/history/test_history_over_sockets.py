"""The history through the official SDKs, on real sockets: what one instance saw done, another answers."""

from __future__ import annotations

from emulator.testing import Emulator
from tests.support.real_service import real_service


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
