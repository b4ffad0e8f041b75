"""Random histories of a bucket: changes delivered again and again and out of order, instances killed, sweeps on top.

`play(seed)` runs one in virtual time and holds it against what the events function promises
(`functions/events/submit/accept.py`).
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import msgspec

from emulator.tasks.transition import Transition
from functions.events.change import ChangeRecord
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, rule, submitted, url
from tests.support.virtual_time import run

LONGEST_SWEEPS = 40


class Change(msgspec.Struct, frozen=True):
    """One change of an object, `at` seconds after the beginning."""

    key: str
    at: float
    request: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What happens: changes, when each is delivered to which instance, and when instances are killed."""

    changes: tuple[Change, ...]
    deliveries: tuple[tuple[float, Change], ...]
    kills: tuple[float, ...]
    hidden: float
    instances: int
    preload: bool


def story(seed: int) -> Story:
    """A random one; without kills for every third seed, with tasks that appear late for every fourth."""
    rng = random.Random(seed)
    changes = tuple(
        Change(f"k{number}.jpg", at, f"R-{number}-{at}")
        for number in range(rng.randint(1, 8))
        for at in sorted(rng.uniform(0, 200) for _ in range(rng.choice((1, 1, 2, 3))))
    )
    deliveries = tuple(
        (change.at + rng.uniform(0, rng.choice((0.5, 5, 90, 400))), change)
        for change in changes
        for _ in range(rng.randint(1, 3))
    )
    first = [at for at, _ in deliveries]
    # Kills that fall where something is going on: shortly after a delivery, or anywhere.
    kills = [rng.choice(first) + rng.uniform(0, 1.2) if rng.random() < 0.8 else rng.uniform(0, 300) for _ in range(8)]
    return Story(
        changes=changes,
        deliveries=tuple(sorted(deliveries, key=lambda each: each[0])),
        kills=tuple(sorted(kills[: seed % 3 * 4])),
        hidden=45.0 if seed % 4 == 3 else 0.0,
        instances=rng.randint(1, 3),
        preload=rng.random() < 0.5,
    )


class Stage:
    """Where a story is played: instances come and go over one shelf and one account."""

    def __init__(self, script: Story, seed: int) -> None:
        self.script = script
        self.rng = random.Random(seed)
        self.account = SlowAccount(limits=False, latency=0.05)
        self.account.tasks.submit_transition = Transition(by="seconds", length=40, hidden=script.hidden)
        self.shelf = Shelf()
        self.instances = [self._instance() for _ in range(script.instances)]
        self.in_flight: Counter[str] = Counter()

    def _instance(self) -> Instance:
        actions = ["refresh", "preload"] if self.script.preload else ["refresh"]
        made = Instance(self.account, self.shelf, rule(created=actions))
        made.store.slowest = 0.05
        return made

    async def deliver(self, change: Change) -> None:
        """As the platform does: again, when the instance died over it or said that it failed."""
        body = event(change.key, seconds=change.at, request=change.request)
        while True:
            try:
                answer = await self.rng.choice(self.instances).handle(body)
            except asyncio.CancelledError:
                await asyncio.sleep(self.rng.uniform(1, 60))
                continue
            if not answer["retry"]:
                return
            await asyncio.sleep(5)

    async def sweep(self) -> None:
        """One minute's timer; now and then it comes twice, to two instances."""
        chosen = self.rng.sample(self.instances, k=min(len(self.instances), self.rng.choice((1, 1, 2))))
        await asyncio.gather(*(each.sweep() for each in chosen), return_exceptions=True)

    def kill(self) -> None:
        """An instance dies with everything in it, and another takes its place; what was not noted may be repeated."""
        self.in_flight.update(sent(self.account).keys() - _noted(self))
        at = self.rng.randrange(len(self.instances))
        self.instances[at].kill()
        self.instances[at] = self._instance()


async def _play(script: Story, seed: int) -> Stage:
    stage = Stage(script, seed)
    loop = asyncio.get_running_loop()

    async def at(time: float, change: Change) -> None:
        await asyncio.sleep(time)
        await stage.deliver(change)

    for moment in script.kills:
        loop.call_later(moment, stage.kill)
    delivering = asyncio.gather(*(at(time, change) for time, change in script.deliveries))
    for _ in range(LONGEST_SWEEPS):
        await asyncio.sleep(60)
        await stage.sweep()
        if delivering.done() and not stage.shelf.keys("pending/"):
            break
    await delivering
    return stage


def play(seed: int) -> Story:
    """Play the story of this seed. Raises AssertionError where a promise is broken."""
    script = story(seed)
    stage = run(_play(script, seed))
    assert not stage.shelf.keys("pending/"), "something is never over"
    times = sent(stage.account)
    newest = {change.key: change for change in script.changes}
    changes = Counter(change.key for change in script.changes)
    for key, last in newest.items():
        kept = document(stage.shelf, key)
        assert kept.change_id.startswith(_stamp(last)), "an older change has overwritten a newer one"
        assert kept.outcome == "succeeded", kept
        assert all(action.status == "complete" and action.task_ids for action in kept.actions)
        assert times[url(key)] >= 1, "a URL is lost"
        assert times[url(key)] <= changes[key] + stage.in_flight[url(key)], "more than what was in flight is repeated"
        if changes[key] == 1 and not script.hidden:
            assert times[url(key)] == 1, "a URL is submitted twice, although its task was to be seen"
    return script


def sent(account: SlowAccount) -> Counter[str]:
    """How often each URL was submitted."""
    return Counter(each for call in submitted(account) for each in call)


def _noted(stage: Stage) -> set[str]:
    """URLs of which as many changes know their tasks as were submitted."""
    known: dict[str, set[str]] = {}
    for key, body in stage.shelf.written:
        if key.startswith("pending/"):
            record = msgspec.json.decode(body, type=ChangeRecord)
            for action in record.actions:
                if action.kind == "refresh" and action.task_ids:
                    known.setdefault(action.object_path, set()).add(record.change_id)
    return {each for each, count in sent(stage.account).items() if len(known.get(each, ())) >= count}


def _stamp(change: Change) -> str:
    return event(change.key, seconds=change.at).decode().partition('"eventTime": "')[2][:24]
