"""DCDN, as its pages describe it: `rules` (figures), `wire` (operations and their JSON), `samples` (first tasks)."""

from __future__ import annotations

from emulator.catalog import Product
from emulator.products.dcdn import rules, samples, wire

PRODUCT = Product(
    name="dcdn",
    title="dcdn",
    version="2018-01-15",
    host="dcdn.aliyuncs.com",
    throttling=rules.THROTTLING,
    limits=rules.LIMITS,
    operations=wire.OPERATIONS,
    samples=samples.SAMPLES,
)
