"""Every known product; a new one is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from functions.products.cdn import CDN
from functions.products.dcdn import DCDN
from functions.products.spec import ProductSpec
from functions.products.vod import VOD

SPECS: Mapping[str, ProductSpec] = MappingProxyType({spec.name: spec for spec in (CDN, DCDN, VOD)})
"""By name, in the order in which products are listed."""
