"""The presigned upload that a page is offered, and the summary of what has happened."""

from __future__ import annotations

import httpx
import pytest

from emulator.testing import Emulator


@pytest.mark.parametrize("key", ["a.png", "img/ä b+c?d#e%2F&中文.png"])
def test_the_upload_that_is_offered_works_as_it_is_and_not_otherwise(emu: Emulator, key: str) -> None:
    emu.oss.create_bucket("pics")
    asked = {"bucket": "pics", "key": key, "contentType": "image/png"}
    with httpx.Client(base_url=f"{emu.url}/_emulator/", trust_env=False) as control:
        offered = control.get("upload-url", params=asked)
        assert offered.headers["access-control-allow-origin"] == "*"
        upload = offered.json()
        answer = control.request(upload["method"], upload["url"], headers=upload["headers"], content=b"content")
        assert answer.status_code == 200, answer.text
        assert emu.oss.get("pics", key) == b"content"
        assert control.put(upload["url"], headers={"content-type": "text/html"}, content=b"").status_code == 403
        assert control.get("summary").json() == {"changes": 0, "webhooks": 0}


def test_nothing_is_offered_for_a_bucket_that_is_not_there(emu: Emulator) -> None:
    answer = httpx.get(f"{emu.url}/_emulator/upload-url?bucket=none&key=a", trust_env=False)
    assert answer.status_code == 404
    assert httpx.get(f"{emu.url}/_emulator/upload-url", trust_env=False).status_code == 404
