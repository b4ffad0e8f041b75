"""Every operation takes what the vendor's own metadata says it takes, where that metadata is at hand."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from emulator.products import PRODUCTS
from emulator.tasks.product import Operation, Parameter, Product

META = Path(__file__).parents[4] / "shared" / "vendor" / "openapi-meta"
OPERATIONS = [(product, operation) for product in PRODUCTS for operation in product.operations]


def vendors_parameters(product: Product, operation: Operation) -> set[Parameter] | None:
    """What the metadata lists; None where there is none."""
    file = META / product.name / f"{operation.action}.json"
    if not file.exists():
        return None
    listed = msgspec.json.decode(file.read_bytes())["parameters"]
    return {Parameter(entry["name"], entry["type"], entry["required"]) for entry in listed}


@pytest.mark.parametrize(("product", "operation"), OPERATIONS, ids=lambda part: getattr(part, "action", ""))
def test_an_operation_takes_what_the_vendor_says(product: Product, operation: Operation) -> None:
    own = set(operation.parameters)
    assert len(own) == len(operation.parameters)
    assert (vendors_parameters(product, operation) or own) == own


def test_products_differ_in_everything_that_addresses_them() -> None:
    actions = [operation.action for _, operation in OPERATIONS]
    assert len(set(actions)) == len(actions)
    for part in ("name", "version", "host"):
        assert len({getattr(product, part) for product in PRODUCTS}) == len(PRODUCTS)


def test_every_action_has_a_limit_and_every_limit_an_action() -> None:
    for product in PRODUCTS:
        assert set(product.limits.qps) == {operation.action for operation in product.operations}
