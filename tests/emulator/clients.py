"""The real SDKs, pointed at an emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alibabacloud_cdn20180510.client import Client as CdnClient
from alibabacloud_dcdn20180115.client import Client as DcdnClient
from alibabacloud_tea_openapi.utils_models import Config
from alibabacloud_vod20170321.client import Client as VodClient
from Tea.exceptions import TeaException

from emulator.core.accounts import DEFAULT_KEY
from emulator.testing import Emulator


def config(
    emu: Emulator, key_id: str = "emulator", secret: str = DEFAULT_KEY.secret, token: str | None = None
) -> Config:
    """How a client reaches `emu`."""
    return Config(
        access_key_id=key_id,
        access_key_secret=secret,
        security_token=token,
        endpoint=emu.endpoint,
        protocol="http",
        region_id="cn-shanghai",
    )


def cdn(emu: Emulator) -> Any:
    """A CDN client."""
    return CdnClient(config(emu))


def dcdn(emu: Emulator) -> Any:
    """A DCDN client."""
    return DcdnClient(config(emu))


def vod(emu: Emulator) -> Any:
    """A VOD client."""
    return VodClient(config(emu))


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """The HTTP status and the code that `call` is refused with."""
    try:
        answered = call()
    except TeaException as fault:
        return fault.statusCode, fault.code
    message = f"not refused: {answered}"
    raise AssertionError(message)
