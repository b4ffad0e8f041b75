"""What a product is to the gateway: a name, a version, limits, operations, and the tasks it starts with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from emulator.core.errors import ApiError, ErrorResponse
from emulator.tasks.backend import TaskBackend
from emulator.tasks.errors import INVALID_PARAMETERS, missing_parameter
from emulator.tasks.limits import Limits, ProductLimits
from emulator.tasks.transition import Row, Transition

Body = dict[str, Any]
"""A JSON body without its RequestId."""
BOOLEANS = frozenset({"true", "false"})


class Parameter(msgspec.Struct, frozen=True):
    """A business parameter: `kind` is String, Integer or Boolean, in the vendor's own words."""

    name: str
    kind: str = "String"
    required: bool = False

    def check(self, value: str | None) -> None:
        """Raises ApiError when it is required and absent, or no value of its kind. "" is absent."""
        if not value:
            if self.required:
                raise missing_parameter(self.name)
        elif (self.kind == "Integer" and not value.isdecimal()) or (
            self.kind == "Boolean" and value.lower() not in BOOLEANS
        ):
            raise ApiError(INVALID_PARAMETERS)


class Context(msgspec.Struct, frozen=True):
    """One call, as an operation sees it: who asks what of which product, and the state it works on."""

    product: str
    account: str
    params: Mapping[str, str]
    now: float
    tasks: TaskBackend
    limits: Limits

    def get(self, name: str) -> str | None:
        """A parameter's value; None when it is absent or empty."""
        return self.params.get(name) or None


class Operation(msgspec.Struct, frozen=True):
    """One action: its parameters and what it does. `function` raises ApiError to reject the call."""

    action: str
    parameters: tuple[Parameter, ...]
    function: Callable[[Context], Body]

    def run(self, context: Context) -> Body:
        """The body, once every parameter has passed its own check."""
        for parameter in self.parameters:
            parameter.check(context.params.get(parameter.name))
        return self.function(context)


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is there at the start, `age` seconds old by then."""

    task_id: str
    rows: tuple[Row, ...]
    object_type: str = "file"
    age: float = 0.0
    transition: Transition = Transition()


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One product's API. `title` and `host` appear in error bodies; `throttling` is its "too often"."""

    name: str
    title: str
    version: str
    host: str
    throttling: ErrorResponse
    limits: ProductLimits
    operations: tuple[Operation, ...]
    samples: tuple[Sample, ...]
