"""The emulator put together: state, doors, server. Another service is one more door here."""

from __future__ import annotations

from emulator.control import ControlDoor
from emulator.gateway import Gateway, Surroundings
from emulator.oss.door import OssDoor, OssSurroundings
from emulator.oss.signature import Verifier as OssVerifier
from emulator.products import PRODUCTS
from emulator.server import Server
from emulator.signature import Verifier
from emulator.state import Emulation
from emulator.webhooks import WebhookDoor


def server_for(emulation: Emulation) -> Server:
    """A server of this state, not listening yet."""
    doors = (
        WebhookDoor(emulation.webhooks, emulation.faults, emulation.latency),
        ControlDoor(emulation),
        _products(emulation),
        _oss(emulation),
    )
    return Server(doors, emulation.background)


def _products(emulation: Emulation) -> Gateway:
    around = Surroundings(
        clock=emulation.clock,
        world=emulation.world,
        limits=emulation.limits,
        faults=emulation.faults,
        latency=emulation.latency,
        calls=emulation.calls,
        verifier=Verifier(emulation.accounts),
    )
    return Gateway(PRODUCTS, around)


def _oss(emulation: Emulation) -> OssDoor:
    around = OssSurroundings(
        clock=emulation.clock,
        buckets=emulation.oss.buckets,
        faults=emulation.faults,
        latency=emulation.latency,
        calls=emulation.calls,
        verifier=OssVerifier(emulation.accounts),
    )
    return OssDoor(around)
