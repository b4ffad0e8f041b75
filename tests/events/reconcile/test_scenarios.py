from __future__ import annotations

import pytest

from tests.support.oss_histories import play, story

SEEDS = range(100)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_no_url_is_lost_and_none_submitted_twice(seed: int) -> None:
    play(seed)


def test_the_stories_are_worth_playing() -> None:
    stories = [story(seed) for seed in SEEDS]
    assert sum(bool(each.kills) for each in stories) >= len(stories) / 2
    assert sum(bool(each.kills and each.hidden) for each in stories) >= len(stories) / 10
    assert sum(each.instances > 1 for each in stories) >= len(stories) / 2
