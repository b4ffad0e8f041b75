"""Handing URLs in through the real service, and what became of them, as figures."""

from __future__ import annotations

from emulator.testing import Call, Emulator
from functions.products.registry import SPECS
from functions.tasks.query import EVERYTHING, Scope
from functions.tasks.submit import Submission, SubmitAnswer
from tests.support.real_service import RealService

URL = "https://www.example.com/a.jpg"


def urls(count: int, host: str = "www.example.com", end: str = "") -> tuple[str, ...]:
    return tuple(f"https://{host}/{number}{end}" for number in range(count))


def submit(
    real: RealService,
    *paths: str,
    product: str = "cdn",
    action: str = "refresh",
    kind: str = "file",
    scope: Scope = EVERYTHING,
) -> SubmitAnswer:
    submission = Submission(action=action, product=product, object_type=kind, object_paths=paths, scope=scope)
    answer = real.run(real.service.submit(submission))
    _assert_every_url_is_accounted_for(submission, answer)
    return answer


def _assert_every_url_is_accounted_for(submission: Submission, answer: SubmitAnswer) -> None:
    accepted = [path for each in answer.accepted for path in each.object_paths]
    rejected = [path for each in answer.report.rejected for path in each.object_paths]
    assert sorted(accepted + rejected) == sorted(set(submission.object_paths))
    assert {key for each in answer.accepted for key in map(str, each.tasks)} == {t.id for t in answer.report.tasks}


def reasons(answer: SubmitAnswer) -> dict[str, int]:
    """How many URLs were rejected, by reason."""
    return {each.reason: len(each.object_paths) for each in answer.report.rejected}


def accepted(answer: SubmitAnswer) -> int:
    return sum(len(each.object_paths) for each in answer.accepted)


def submits(emu: Emulator) -> list[Call]:
    actions = {each.operation.action for spec in SPECS.values() for each in spec.submits}
    return [call for call in emu.calls.all() if call.action in actions]
