"""ApsaraVideo VOD, as its pages describe it: its errors, limits, operations, and the tasks it starts with."""

from __future__ import annotations

from emulator.tasks.product import Product
from emulator.vod import errors, limits, operations, samples

PRODUCT = Product(
    name="vod",
    title="vod",
    version="2017-03-21",
    host="vod.cn-shanghai.aliyuncs.com",
    throttling=errors.THROTTLING,
    limits=limits.LIMITS,
    operations=operations.OPERATIONS,
    samples=samples.SAMPLES,
)
