"""The products whose task APIs are emulated. A new one is a package of the same shape, and one entry here."""

from __future__ import annotations

from emulator import cdn, dcdn, esa, vod
from emulator.tasks.product import Product

PRODUCTS: tuple[Product, ...] = (cdn.PRODUCT, dcdn.PRODUCT, vod.PRODUCT, esa.PRODUCT)
