"""The two ports of the demo: chosen by the environment, and checked before anything starts."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import msgspec

HOST = "127.0.0.1"
MAX_PORT = 65_535


class DemoError(Exception):
    """Raised when the demo cannot go on; its text is what the person reads."""


class Ports(msgspec.Struct, frozen=True):
    """Where the two listen."""

    function: int
    emulator: int

    @property
    def function_url(self) -> str:
        """The function's base."""
        return f"http://{HOST}:{self.function}"

    @property
    def emulator_url(self) -> str:
        """The emulator's base."""
        return f"http://{HOST}:{self.emulator}"


def chosen_ports(environ: Mapping[str, str]) -> Ports:
    """PORT (9000) and EMULATOR_PORT (9100). Raises DemoError, once for all that is wrong with them."""
    chosen = {"PORT": environ.get("PORT", "").strip() or "9000"}
    chosen["EMULATOR_PORT"] = environ.get("EMULATOR_PORT", "").strip() or "9100"
    wrong = [f"{name}={value} is no port" for name, value in chosen.items() if not _is_port(value)]
    if not wrong:
        ports = Ports(*map(int, chosen.values()))
        wrong = [f"port {value} is taken ({name})" for name, value in chosen.items() if _is_taken(int(value))]
        if ports.function == ports.emulator:
            wrong = [f"PORT and EMULATOR_PORT are both {ports.function}"]
        if not wrong:
            return ports
    raise DemoError(f"{', '.join(wrong)}; choose two free ports: PORT=9000 EMULATOR_PORT=9100 make demo")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) <= MAX_PORT


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
