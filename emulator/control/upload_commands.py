"""Uploads from a page: what a server of an application would offer its own.

GET    upload?bucket=&prefix=&service=            a page that uploads a file and shows its tasks, asked of `service`
GET    upload-url?bucket=&key=&contentType=       Upload: a presigned PUT, good for 15 minutes; any page may ask
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec

from emulator.control.models import Upload
from emulator.control.requests import Command, CommandRequest
from emulator.core.accounts import DEFAULT_KEY
from emulator.core.http1_parser import Request
from emulator.core.responses import Response
from emulator.emulation import Emulation
from emulator.oss.signature.v4 import presigned_query

PAGE = Path(__file__).with_name("upload.html")
GOOD_FOR_SECONDS = 900


def _page(emulation: Emulation, request: CommandRequest) -> Response:
    del emulation, request
    return Response(200, PAGE.read_bytes(), "text/html;charset=utf-8")


def _upload_url(emulation: Emulation, request: CommandRequest) -> Response:
    bucket, key = request.query["bucket"], request.query["key"]
    if not emulation.oss.buckets.has(bucket):
        raise KeyError(bucket)
    headers = {"content-type": request.query.get("contentType") or "application/octet-stream"}
    put = Request("PUT", f"/{bucket}/{key}", "", headers, b"")
    query = presigned_query(put, DEFAULT_KEY.id, DEFAULT_KEY.secret, time.time(), GOOD_FOR_SECONDS)
    upload = Upload(method="PUT", url=f"http://{request.host}{quote(put.path)}?{query}", headers=headers)
    return Response(200, msgspec.json.encode(upload), headers={"access-control-allow-origin": "*"})


COMMANDS: Mapping[tuple[str, str, int], Command] = {
    ("GET", "upload", 0): _page,
    ("GET", "upload-url", 0): _upload_url,
}
