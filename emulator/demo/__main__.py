"""`make demo`: the emulator and the web function side by side, and lines to paste.

Ports come from PORT (9000) and EMULATOR_PORT (9100). What the two write goes to a log file; the terminal shows one line
of what has happened. Ends on Ctrl-C, SIGTERM, or when one of the two does.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from emulator.demo.children import LOG, Children, run_demo
from emulator.demo.ports import HOST, Ports
from emulator.demo.scenario import (
    FIRST_OBJECT_PATH,
    add_account,
    function_environment,
    invitation,
    make_buckets,
    set_triggers,
    status_line,
    upload_first_object,
)


def _show(ports: Ports, children: Children) -> None:
    """Both, one after the other, until the demo is over. Raises DemoError."""
    children.start("emulator", "emulator", "--host", HOST, "--port", str(ports.emulator))
    if not children.is_up(ports.emulator, "/_emulator/health"):
        return
    make_buckets(ports)
    add_account(ports)
    children.start("web function", "functions.server", environment=function_environment(ports, os.environ))
    if not children.is_up(ports.function, "/healthz"):
        return
    set_triggers(ports)
    upload_first_object(ports)
    # The object is known once its event has been handled: from then on its link works.
    if not children.is_up(ports.function, FIRST_OBJECT_PATH):
        return
    sys.stdout.write(invitation(ports, LOG))
    sys.stdout.flush()
    children.until_over(partial(status_line, ports))


if __name__ == "__main__":
    sys.exit(run_demo(_show))
