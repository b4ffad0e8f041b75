"""`python -m emulator --port 9100`: the emulator as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from emulator.app import server_for
from emulator.control.handler import PREFIX
from emulator.core.accounts import DEFAULT_KEY, AccessKey
from emulator.emulation import Emulation, Options

DEFAULT_PORT = 9100


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 1 when the port cannot be had."""
    options = _parser().parse_args(arguments)
    settings = Options(
        samples=not options.empty,
        limits=not options.unlimited,
        latency=options.latency,
        jitter=options.jitter,
        pull_triggered=options.pull_triggered,
        keys=(DEFAULT_KEY, *options.key),
    )
    try:
        asyncio.run(_serve(Emulation(settings), options.host, options.port))
    except OSError as fault:
        sys.stderr.write(f"emulator: cannot listen on {options.host}:{options.port}: {fault.strerror or fault}\n")
        return 1
    return 0


async def _serve(emulation: Emulation, host: str, port: int) -> None:
    server = server_for(emulation)
    listening = await server.start(host, port)
    sys.stdout.write(f"emulator: CDN, DCDN, VOD and OSS on http://{host}:{listening} (control: {PREFIX}health)\n")
    sys.stdout.flush()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    await server.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="what every answer takes")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="SECONDS", help="at most that much more")
    parser.add_argument("--empty", action="store_true", help="start without tasks")
    parser.add_argument("--unlimited", action="store_true", help="enforce neither calls a second nor quotas")
    parser.add_argument(
        "--pull-triggered", action="store_true", help="a read answers with the state found at the previous read"
    )
    parser.add_argument(
        "--key", type=_key, action="append", default=[], metavar="ID:SECRET[:TOKEN]", help="one more access key"
    )
    return parser


def _key(text: str) -> AccessKey:
    key_id, secret, *token = text.split(":", 2)
    return AccessKey(key_id, secret, token=token[0] if token else None)


if __name__ == "__main__":
    sys.exit(main())
