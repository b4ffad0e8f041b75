"""DCDN, as its pages describe it: its errors, limits, operations, and the tasks it starts with."""

from __future__ import annotations

from emulator.dcdn import errors, limits, operations, samples
from emulator.tasks.product import Product

PRODUCT = Product(
    name="dcdn",
    title="dcdn",
    version="2018-01-15",
    host="dcdn.aliyuncs.com",
    throttling=errors.THROTTLING,
    limits=limits.LIMITS,
    operations=operations.OPERATIONS,
    samples=samples.SAMPLES,
)
