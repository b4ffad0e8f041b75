"""The vendor's OSS SDK, pointed at an emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import alibabacloud_oss_v2 as oss

from emulator.core.accounts import DEFAULT_KEY
from emulator.testing import Emulator

AWKWARD = "img/ä b+c?d#e%2F&中文'\"<>~*\\.png"
"""A key with everything that a path, a query, XML or a signature could stumble over."""


def client(
    emu: Emulator, key_id: str = "emulator", secret: str = DEFAULT_KEY.secret, token: str | None = None
) -> oss.Client:
    """A client that tries once, so that every refusal is seen."""
    config = oss.config.load_default()
    config.region = "cn-hangzhou"
    config.endpoint = emu.url
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(key_id, secret, token)
    config.retry_max_attempts = 1
    return oss.Client(config)


def put(emu: Emulator, bucket: str, key: str, data: bytes = b"x", **more: Any) -> Any:
    """PutObject."""
    return client(emu).put_object(oss.PutObjectRequest(bucket=bucket, key=key, body=data, **more))


def read(emu: Emulator, bucket: str, key: str, **more: Any) -> bytes:
    """GetObject, to the last byte."""
    got = client(emu).get_object(oss.GetObjectRequest(bucket=bucket, key=key, **more))
    with got.body as body:
        return bytes(body.read())


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """The HTTP status and the code that `call` is refused with."""
    try:
        answered = call()
    except oss.exceptions.OperationError as fault:
        refused = fault.unwrap()
        assert isinstance(refused, oss.exceptions.ServiceError), refused
        assert refused.request_id
        return refused.status_code, refused.code
    message = f"not refused: {answered}"
    raise AssertionError(message)
