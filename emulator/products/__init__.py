"""The products that are emulated. A new one is a package of the same shape (rules, wire, samples) and a line here."""

from __future__ import annotations

from emulator.catalog import Product
from emulator.products import cdn, dcdn, vod

PRODUCTS: tuple[Product, ...] = (cdn.PRODUCT, dcdn.PRODUCT, vod.PRODUCT)
