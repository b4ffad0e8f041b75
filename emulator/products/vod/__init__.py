"""ApsaraVideo VOD, as its pages describe it: `rules` (figures), `wire` (operations, JSON), `samples` (first tasks)."""

from __future__ import annotations

from emulator.catalog import Product
from emulator.products.vod import rules, samples, wire

PRODUCT = Product(
    name="vod",
    title="vod",
    version="2017-03-21",
    host="vod.cn-shanghai.aliyuncs.com",
    throttling=rules.THROTTLING,
    limits=rules.LIMITS,
    operations=wire.OPERATIONS,
    samples=samples.SAMPLES,
)
