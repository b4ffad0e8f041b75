"""`make token`: a token to try the service with, signed with TASK_STATUS_JWT_SECRET.

    make token
    make token ARGS="--products cdn,dcdn --domains '*.example.com' --ttl 600"

Left out, a claim allows everything; given empty (`--actions ''`), nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from functions.errors import SettingsError
from functions.settings import AuthSettings, read_settings

CLAIMS = ("products", "domains", "accounts", "actions")


def mint(auth: AuthSettings, claims: Mapping[str, Any], ttl_seconds: int) -> str:
    """A token that this service accepts for `ttl_seconds`. Raises SettingsError without a secret."""
    import jwt  # noqa: PLC0415 -- loaded only where tokens are made

    if not auth.jwt_secret:
        raise SettingsError(
            "TASK_STATUS_JWT_SECRET: a token cannot be made without it."
            ' Example: export TASK_STATUS_JWT_SECRET="$(openssl rand -base64 48)"'
        )
    now = int(time.time())
    ours = {"iat": now, "exp": now + ttl_seconds, "aud": auth.audience, "iss": auth.issuer, **claims}
    return jwt.encode({name: value for name, value in ours.items() if value is not None}, auth.jwt_secret, "HS256")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a token; 2 and one line on stderr when it cannot be made."""
    parser = argparse.ArgumentParser(prog="make token", description="A token to try the service with.")
    for claim in CLAIMS:
        parser.add_argument(f"--{claim}", help=f"{claim} it allows, joined by commas (default: all)")
    parser.add_argument("--ttl", type=int, default=3_600, help="seconds until it expires (default: %(default)s)")
    chosen = vars(parser.parse_args(arguments))
    claims = {name: _listed(chosen[name]) for name in CLAIMS if chosen[name] is not None}
    try:
        token = mint(read_settings(os.environ).auth, claims, chosen["ttl"])
    except SettingsError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(f"{token}\n")
    return 0


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


if __name__ == "__main__":
    sys.exit(main())
