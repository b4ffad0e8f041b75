"""The emulator put together: its state behind the handlers, in one server."""

from __future__ import annotations

from emulator.control.handler import ControlHandler
from emulator.core.server import Server
from emulator.edge.handler import EdgeHandler
from emulator.emulation import Emulation
from emulator.events.webhooks import WebhookHandler
from emulator.oss.handler import OssHandler
from emulator.products import PRODUCTS
from emulator.tasks.handler import RpcHandler
from emulator.tasks.sts import sts_product


def server_for(emulation: Emulation) -> Server:
    """A server of this state, not listening yet."""
    shared = emulation.shared
    handlers = (
        WebhookHandler(emulation.webhooks, shared),
        ControlHandler(emulation),
        EdgeHandler(emulation.edges),
        RpcHandler((*PRODUCTS, sts_product(emulation.roles)), shared, emulation.tasks, emulation.limits),
        OssHandler(emulation.oss.buckets, shared),
    )
    return Server(handlers, emulation.background)
