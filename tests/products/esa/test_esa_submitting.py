"""Submitting to ESA and its quotas: through the SDK, on sockets, as the emulator takes it."""

from __future__ import annotations

import pytest

from emulator.testing import Emulator
from functions.products.esa.spec import ESA
from functions.products.submit.kinds import SubmitKind
from functions.tasks.query import Scope
from tests.support.real_service import real_service
from tests.support.submissions import URL, accepted, reasons, submit


@pytest.mark.parametrize("kind", ESA.submits, ids=lambda kind: f"{kind.action} {kind.object_type}")
def test_what_was_submitted_is_found_under_its_id(emu: Emulator, kind: SubmitKind) -> None:
    emu.reset()
    with real_service(emu, None, PRODUCTS="esa") as real:
        answer = submit(
            real,
            "https://www.example.com/a/",
            "https://cdn.example.net/b/",
            "https://foreign.example.org/",
            product="esa",
            action=kind.action,
            kind=kind.object_type,
        )
        ids = [task.task_id for task in answer.report.tasks]
        assert len(ids) == 2
        assert all(len(task_id) == 16 for task_id in ids)
        report = real.report(",".join(ids), "esa")
    assert {(task.action, task.object_type) for task in report.tasks} == {(kind.action, kind.reported)}
    assert reasons(answer) == {"domain-not-found": 1}


def test_the_quota_is_that_of_the_site_with_the_least_left(emu: Emulator) -> None:
    emu.reset()
    emu.limits.set_quota("esa", "url", 1_000, used=400)
    with real_service(emu, None, PRODUCTS="esa") as real:
        quotas = real.run(real.service.quota()).report.quotas
    assert [(each.kind, each.quota, each.remaining) for each in quotas] == [
        ("url", 1_000, 600),
        ("directory", 100, 100),
        ("ignore-params", 100, 100),
    ]


@pytest.mark.parametrize(("keep", "taken", "refused"), [(0.2, 0, {"quota-unknown": 1}), (0, 1, {})])
def test_preloads_have_no_quota_to_keep_a_share_of(
    emu: Emulator, keep: float, taken: int, refused: dict[str, int]
) -> None:
    narrow = Scope(products=frozenset({"esa"}), caller="somebody")
    with real_service(emu, None, PRODUCTS="esa", keep_quota=keep) as real:
        answer = submit(real, URL, product="esa", action="preload", scope=narrow)
        assert (accepted(answer), reasons(answer)) == (taken, refused)
        assert accepted(submit(real, URL, product="esa", scope=narrow)) == 1
