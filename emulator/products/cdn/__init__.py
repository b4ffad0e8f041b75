"""CDN, as its pages describe it: `rules` (figures), `wire` (operations and their JSON), `samples` (first tasks)."""

from __future__ import annotations

from emulator.catalog import Product
from emulator.products.cdn import rules, samples, wire

PRODUCT = Product(
    name="cdn",
    title="Cdn",
    version="2018-05-10",
    host="cdn.aliyuncs.com",
    throttling=rules.THROTTLING,
    limits=rules.LIMITS,
    operations=wire.OPERATIONS,
    samples=samples.SAMPLES,
)
