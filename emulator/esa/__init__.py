"""ESA, as its SDK describes it: its errors, limits, operations, and the sites and tasks it starts with."""

from __future__ import annotations

from emulator.esa import errors, limits, operations, samples
from emulator.tasks.product import Product

PRODUCT = Product(
    name="esa",
    title="esa",
    version="2024-09-10",
    host="esa.cn-hangzhou.aliyuncs.com",
    throttling=errors.THROTTLING,
    limits=limits.LIMITS,
    operations=operations.OPERATIONS,
    samples=samples.SAMPLES,
)
