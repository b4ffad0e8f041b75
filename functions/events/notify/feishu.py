"""Feishu's and Lark's custom bot: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot ."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

from functions.events.notify.robot import RobotKind
from functions.events.notify.sender import Request


def _request(url: str, secret: str | None, text: str, now: float) -> Request:
    """A text message; signed in the body, with a timestamp in seconds, where the bot wants that."""
    message: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        timestamp = str(int(now))
        # Timestamp and secret are the key, and the message is empty: so the documentation has it.
        digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        message |= {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
    return Request(url, msgspec.json.encode(message))


# The whole body may have 20 KB. It takes 100 messages a minute, but people do not read more than from other robots.
FEISHU = RobotKind(request=_request, code_member="code", max_bytes=15_000, per_minute=20)
