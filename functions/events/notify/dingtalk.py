"""DingTalk's custom robot: https://open.dingtalk.com/document/robots/custom-robot-access ."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

import msgspec

from functions.events.notify.robot import RobotKind
from functions.events.notify.sender import Request


def _request(url: str, secret: str | None, text: str, now: float) -> Request:
    """A text message; signed in the URL, with a timestamp in milliseconds, where the robot wants that."""
    if secret:
        timestamp = int(now * 1_000)
        digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
        url += f"&timestamp={timestamp}&sign={quote(base64.b64encode(digest), safe='')}"
    return Request(url, msgspec.json.encode({"msgtype": "text", "text": {"content": text}}))


# More than 20 a minute silence the robot for ten minutes.
DINGTALK = RobotKind(request=_request, code_member="errcode", max_bytes=20_000, per_minute=20)
