"""Two accounts besides the function's own: their roles in the emulator, and the file that names them."""

from __future__ import annotations

from pathlib import Path

from emulator.testing import Emulator, Role

ARN = "acs:ram::1234567890123456:role/task-status"
OTHER_ARN = "acs:ram::6543210987654321:role/task-status"
EXTERNAL_ID = "shared-with-globex"
FILE = f"""
[[account]]
name = "acme"
role = "{ARN}"

[[account]]
name = "globex"
role = "{OTHER_ARN}"
products = ["cdn"]
external_id = "{EXTERNAL_ID}"
"""


def two_accounts(emu: Emulator, folder: Path) -> Path:
    """`acme` with all products, `globex` with CDN and an external id; the path is for TASK_STATUS_ACCOUNTS."""
    emu.roles.add(Role(arn=ARN, account="acme"))
    emu.roles.add(Role(arn=OTHER_ARN, account="globex", external_id=EXTERNAL_ID))
    path = folder / "accounts.toml"
    path.write_text(FILE, "utf-8")
    return path
