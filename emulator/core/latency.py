"""How long answers take, per action; waiting never holds up another call."""

from __future__ import annotations

import random

import msgspec

EVERY = "*"
"""Stands for every action of every product."""


class Delay(msgspec.Struct, frozen=True):
    """`base` seconds, plus up to `jitter` seconds more, evenly spread."""

    base: float = 0.0
    jitter: float = 0.0

    def draw(self) -> float:
        """One delay, in seconds."""
        return self.base + random.uniform(0.0, self.jitter) if self.jitter else self.base


class Latency:
    """The delay of each action; the most exact name wins: action, then product, then `*`."""

    def __init__(self, base: float = 0.0, jitter: float = 0.0) -> None:
        """What every action takes to begin with, and again after `clear`."""
        self._default = Delay(base, jitter)
        self._delays: dict[str, Delay] = {EVERY: self._default}

    def set(self, action: str, base: float, jitter: float = 0.0) -> None:
        """Let `action` (or a product, or `*`) take `base` seconds plus up to `jitter`."""
        self._delays = {**self._delays, action: Delay(base, jitter)}

    def clear(self) -> None:
        """Back to what it was at the start."""
        self._delays = {EVERY: self._default}

    def all(self) -> dict[str, Delay]:
        """What is set, by name."""
        return dict(self._delays)

    def draw(self, action: str, product: str) -> float:
        """How long this one call takes, in seconds."""
        delays = self._delays
        return (delays.get(action) or delays.get(product) or delays[EVERY]).draw()
