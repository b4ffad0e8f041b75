"""Calls a second: per account and action, in any sliding second (docs/vendor.md 0, 5.1)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.products import PRODUCTS
from emulator.tasks.limits import Limits
from emulator.testing import AccessKey, Emulator, ManualClock
from tests.emulator.wire import SignedRequest

DOCUMENTED = {product.name: product.limits for product in PRODUCTS}
ACTIONS = [(product.name, operation.action) for product in PRODUCTS for operation in product.operations]


def ask(emu: Emulator, product: str, action: str, key_id: str = "emulator") -> tuple[int, str]:
    answer = SignedRequest(action=action, product=product, params={}, key_id=key_id, secret=key_id).send(emu)
    return answer.status, answer.code


@pytest.mark.parametrize(("product", "action"), ACTIONS)
def test_every_action_is_throttled_in_its_products_words(still: Emulator, product: str, action: str) -> None:
    most = still.limits.qps(action)
    assert most == DOCUMENTED[product].qps[action]
    throttled = (503, "Throttling") if product == "vod" else (429, "TooManyRequests")
    answers = [ask(still, product, action) for _ in range(most + 2)]
    assert throttled not in answers[:most]
    assert answers[most:] == [throttled, throttled]


def test_the_defaults_are_those_of_the_vendors_pages(still: Emulator) -> None:
    by_id = {still.limits.qps(action) for _, action in ACTIONS if action.endswith("ById")}
    lists = {still.limits.qps(action) for _, action in ACTIONS if action.endswith("RefreshTasks")}
    assert by_id == {30}
    assert lists == {5, 10}


def test_the_window_slides_and_refused_calls_do_not_count(still: Emulator, clock: ManualClock) -> None:
    action = "DescribeRefreshQuota"
    still.limits.set_qps(action, 2)
    seen = []
    for _ in range(6):
        seen.append(ask(still, "cdn", action)[0])
        clock.advance(0.4)
    assert seen == [200, 200, 429, 200, 200, 429]


def test_actions_and_accounts_do_not_share_a_window(still: Emulator) -> None:
    still.accounts.add(AccessKey("other", "other", account="other"))
    still.accounts.add(AccessKey("second", "second"))
    still.limits.set_qps("DescribeRefreshQuota", 1)
    asked = ["emulator", "second", "other"]
    assert [ask(still, "cdn", "DescribeRefreshQuota", key)[0] for key in asked] == [200, 429, 200]
    assert ask(still, "dcdn", "DescribeDcdnRefreshQuota")[0] == 200


def test_limits_can_be_lifted_set_and_restored(still: Emulator) -> None:
    action = "DescribeRefreshTasks"
    still.limits.lift()
    assert {ask(still, "cdn", action)[0] for _ in range(40)} == {200}
    still.limits.set_qps(action, 1)
    assert [ask(still, "cdn", action)[0] for _ in range(2)] == [200, 429]
    still.limits.restore()
    assert still.limits.qps(action) == 5


@settings(deadline=None)
@given(gaps=st.lists(st.floats(0, 0.4), max_size=60), most=st.integers(1, 6))
def test_no_sliding_second_ever_lets_more_through(gaps: list[float], most: int) -> None:
    clock = ManualClock(1_000.0)
    limits = Limits(clock, DOCUMENTED)
    limits.set_qps("DescribeRefreshTasks", most)
    admitted: list[float] = []
    for gap in gaps:
        clock.advance(gap)
        fits = sum(at > clock.now() - 1.0 for at in admitted) < most
        assert limits.admits("emulator", "DescribeRefreshTasks") is fits
        admitted += [clock.now()] if fits else []
