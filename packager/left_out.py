"""What stands in a stand-in: it can be imported, and says what to do when it is used. Shipped with the package."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NoReturn


class LeftOutError(RuntimeError):
    """Raised where code is used that was left out. No ImportError: nobody shall take it for a choice."""


def stand_in(module: str, reason: str) -> Callable[[str], type]:
    """The `__getattr__` of a module that has a placeholder for every name, and none of Python's own `__names__`."""

    @cache
    def placeholder(name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        # An exception: `except module.Error:` must let everything else through instead of being a TypeError.
        return _Placeholder(name, (Exception,), {"__module__": module, "_name": f"{module}.{name}", "_reason": reason})

    return placeholder


class _Placeholder(type):
    """Classes for annotations, bases and `except`: what runs when a module is imported."""

    _name: str
    _reason: str

    def __call__(cls, *_: object, **__: object) -> NoReturn:
        cls._refuse()

    def __getattr__(cls, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        cls._refuse()

    def _refuse(cls) -> NoReturn:
        raise LeftOutError(
            f"{cls._name} was left out when this was packaged ({cls._reason})."
            " To use it, remove that entry from STAND_INS in packager/stand_ins.py and package anew."
        )
