"""WeCom's group robot: https://developer.work.weixin.qq.com/document/path/91770 . It knows no signatures."""

from __future__ import annotations

import msgspec

from functions.events.notify.robot import RobotKind
from functions.events.notify.sender import Request


def _request(url: str, _secret: str | None, text: str, _now: float) -> Request:
    """A text message."""
    return Request(url, msgspec.json.encode({"msgtype": "text", "text": {"content": text}}))


WECOM = RobotKind(request=_request, code_member="errcode", max_bytes=2_048, per_minute=20)
