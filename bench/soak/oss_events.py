"""OSS events under kills, over many seeds: `python -m bench.soak.oss_events [--stories 10000] [--kills 60] [--from 0]`.

First a thousand objects in five seconds. A story is a random history in virtual time (tests/support/oss_histories.py);
a kill is a SIGKILL of the real process over the emulator at a random moment (tests/support/oss_real_process.py). A seed
that breaks a promise is printed and can be played again alone; the exit code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.support.oss_histories import play
from tests.support.oss_real_process import play_burst, play_killed

KILLED_AT_ONCE = 3


def main() -> int:
    """Play both kinds; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        held = [_holds("burst", partial(play_burst, folder=Path(folder)), 1_000)]
    held += [_holds("story", play, seed) for seed in range(arguments.first, arguments.first + arguments.stories)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(KILLED_AT_ONCE) as pool:
        killed = partial(_holds, "kill", partial(play_killed, folder=Path(folder)))
        held += pool.map(killed, range(arguments.first, arguments.first + arguments.kills))
    print(f"{arguments.stories} stories and {arguments.kills} kills, {held.count(False)} broken promises")
    return int(not all(held))


def _holds(kind: str, played: Callable[[int], object], seed: int) -> bool:
    began = time.monotonic()
    try:
        played(seed)
    except Exception as fault:  # noqa: BLE001 -- whatever it is, it belongs to this seed
        print(f"{kind} {seed}: {type(fault).__name__}: {fault}")
        return False
    if kind == "kill":
        print(f"{kind} {seed}: held, {time.monotonic() - began:.1f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
