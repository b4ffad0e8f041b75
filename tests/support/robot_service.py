"""The three vendors' robot services on one socket, as their pages describe them: they check formats and signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET = "SECd0c3"
OK = {"dingtalk": {"errcode": 0, "errmsg": "ok"}, "feishu": {"code": 0, "msg": "success", "data": {}}}


class RobotService:
    """What arrived in which group: `messages` holds (kind, text); `refusal` is answered instead while it is set."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.messages: list[tuple[str, str]] = []
        self.refusal: object = None

    def address(self, kind: str) -> str:
        """What a robot's settings would show, and its secret as the setting wants it."""
        return {
            "dingtalk": f"{self.url}/robot/send?access_token=tok-1&secret={SECRET}",
            "feishu": f"{self.url}/open-apis/bot/v2/hook/hook-1?secret={SECRET}",
            "lark": f"{self.url}/open-apis/bot/v2/hook/hook-1?secret={SECRET}",
            "wecom": f"{self.url}/cgi-bin/webhook/send?key=key-1",
        }[kind]

    def receive(self, target: str, body: bytes) -> object:
        """Take one POST, or say with status 200 what is wrong, as all three do."""
        message, parts = json.loads(body), urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.refusal is not None:
            return self.refusal
        assert "secret" not in query, "the secret itself must not travel"
        if parts.path == "/robot/send":
            return self._dingtalk(query, message)
        if parts.path == "/open-apis/bot/v2/hook/hook-1":
            return self._feishu(message)
        assert (parts.path, query) == ("/cgi-bin/webhook/send", {"key": "key-1"})
        return self._take("wecom", message, 2_048, OK["dingtalk"])

    def _dingtalk(self, query: dict[str, str], message: Any) -> dict[str, Any]:
        signed = f"{query['timestamp']}\n{SECRET}".encode()
        sign = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        assert len(query["timestamp"]) == len("1795318200000"), "milliseconds"
        if (query["access_token"], query["sign"]) != ("tok-1", sign):
            return {"errcode": 310000, "errmsg": "sign not match"}
        return self._take("dingtalk", message, 20_000, OK["dingtalk"])

    def _feishu(self, message: Any) -> dict[str, Any]:
        key = f"{message['timestamp']}\n{SECRET}".encode()
        if message["sign"] != base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode():
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        assert (message["msg_type"], len(message["timestamp"])) == ("text", len("1795318200"))
        self.messages.append(("feishu", message["content"]["text"]))
        return OK["feishu"]

    def _take(self, kind: str, message: Any, most: int, answer: dict[str, Any]) -> dict[str, Any]:
        assert (message["msgtype"], set(message)) == ("text", {"msgtype", "text"})
        assert len(message["text"]["content"].encode()) <= most
        self.messages.append((kind, message["text"]["content"]))
        return answer


@contextmanager
def robot_service() -> Iterator[RobotService]:
    """On a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = json.dumps(service.receive(self.path, body)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = RobotService(f"http://127.0.0.1:{server.server_port}")
        serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        serving.start()
        try:
            yield service
        finally:
            server.shutdown()
            serving.join()
