"""CDN, as its pages describe it: its errors, limits, operations, and the tasks it starts with."""

from __future__ import annotations

from emulator.cdn import errors, limits, operations, samples
from emulator.tasks.product import Product

PRODUCT = Product(
    name="cdn",
    title="Cdn",
    version="2018-05-10",
    host="cdn.aliyuncs.com",
    throttling=errors.THROTTLING,
    limits=limits.LIMITS,
    operations=operations.OPERATIONS,
    samples=samples.SAMPLES,
)
