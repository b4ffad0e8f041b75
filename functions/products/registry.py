"""Every known product. A new one is a file or a folder beside this one, and its name in one of the two lines below."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from functions.products.cdn import CDN
from functions.products.dcdn import DCDN
from functions.products.esa.spec import ESA
from functions.products.spec import ProductSpec
from functions.products.vod import VOD

_DEFAULT: tuple[ProductSpec, ...] = (CDN, DCDN, VOD)
_ON_REQUEST: tuple[ProductSpec, ...] = (ESA,)
"""Asked only when `TASK_STATUS_PRODUCTS` names them; their SDKs are extras: `requirements-<name>.txt`."""

SPECS: Mapping[str, ProductSpec] = MappingProxyType({spec.name: spec for spec in (*_DEFAULT, *_ON_REQUEST)})
"""By name, in the order in which products are asked and listed."""
PRODUCTS = tuple(SPECS)
DEFAULT_PRODUCTS = tuple(spec.name for spec in _DEFAULT)
OPTIONAL_PRODUCTS = tuple(spec.name for spec in _ON_REQUEST)
