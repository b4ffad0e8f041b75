"""What uploads from a page need: cross-origin rules of a bucket, and callbacks."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import msgspec
import oss2
import pytest

from emulator.testing import Emulator
from tests.emulator.events.function_host import running_function

PAGE = "https://app.example.com"
PREFLIGHT = {"origin": PAGE, "access-control-request-method": "PUT", "access-control-request-headers": "content-type"}


@pytest.fixture
def pics(emu: Emulator) -> Any:
    emu.oss.create_bucket("pics")
    return oss2.Bucket(oss2.Auth("emulator", "emulator"), emu.url, "pics")


def allow(pics: Any, *origins: str, headers: str = "*") -> None:
    rule = oss2.models.CorsRule(
        allowed_origins=list(origins), allowed_methods=["PUT", "GET"], allowed_headers=[headers],
        expose_headers=["etag"], max_age_seconds=100,
    )  # fmt: skip
    pics.put_bucket_cors(oss2.models.BucketCors([rule]))


def preflight(emu: Emulator, **changed: str) -> httpx.Response:
    headers = {**PREFLIGHT, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return httpx.options(f"{emu.url}/pics/a", headers=headers, trust_env=False)


def test_a_page_may_upload_where_the_bucket_has_a_rule_for_it(emu: Emulator, pics: Any) -> None:
    allow(pics, "https://*.example.com")
    allowed = preflight(emu)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == PAGE
    assert allowed.headers["access-control-allow-headers"] == "content-type"
    assert allowed.headers["access-control-max-age"] == "100"
    url = pics.sign_url("PUT", "a", 60, headers={"content-type": "image/png"})
    sent = {"origin": PAGE, "content-type": "image/png"}
    uploaded = httpx.put(url, content=b"content", headers=sent, trust_env=False)
    assert (uploaded.status_code, uploaded.headers["access-control-allow-origin"]) == (200, PAGE)
    assert uploaded.headers["access-control-expose-headers"] == "etag"
    refused = httpx.put(url, content=b"content", headers={**sent, "content-type": "text/html"}, trust_env=False)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (403, PAGE)


def test_other_pages_methods_and_headers_are_refused(emu: Emulator, pics: Any) -> None:
    assert "CORS is not enabled" in preflight(emu).text
    allow(pics, PAGE)
    assert preflight(emu, origin="https://other.example.com").status_code == 403
    assert preflight(emu, access_control_request_method="DELETE").status_code == 403
    allow(pics, PAGE, headers="X-Oss-*")
    assert preflight(emu).status_code == 403
    assert preflight(emu, access_control_request_headers="x-oss-meta-a, x-oss-callback").status_code == 200
    assert (
        "access-control-allow-origin"
        not in httpx.get(
            pics.sign_url("GET", "a", 60), headers={"origin": "https://other.example.com"}, trust_env=False
        ).headers
    )


def test_rules_are_read_and_removed(emu: Emulator, pics: Any) -> None:
    allow(pics, "*")
    assert preflight(emu).headers["access-control-allow-origin"] == "*"
    (rule,) = pics.get_bucket_cors().rules
    assert (rule.allowed_origins, rule.allowed_methods, rule.max_age_seconds) == (["*"], ["PUT", "GET"], 100)
    pics.delete_bucket_cors()
    with pytest.raises(oss2.exceptions.NoSuchCors):
        pics.get_bucket_cors()


def callback(url: str) -> dict[str, str]:
    body = "bucket=${bucket}&object=${object}&size=${size}&type=${mimeType}&mine=${x:mine}&none=${none}"
    named = {"callbackUrl": url, "callbackBody": body}
    return {
        "x-oss-callback": base64.b64encode(msgspec.json.encode(named)).decode(),
        "x-oss-callback-var": base64.b64encode(b'{"x:mine": "a&b"}').decode(),
    }


def upload(pics: Any, headers: dict[str, str]) -> httpx.Response:
    return httpx.put(
        pics.sign_url("PUT", "a", 60, headers=headers), content=b"content", headers=headers, trust_env=False
    )


def test_the_answer_of_a_callback_is_the_answer_of_the_upload(pics: Any) -> None:
    with running_function() as function:
        uploaded = upload(pics, {**callback(f"{function.url}/uploaded"), "content-type": "image/png"})
    assert (uploaded.status_code, uploaded.json()) == (200, {})
    assert uploaded.headers["etag"]
    (received,) = function.invocations
    assert received.path == "/uploaded"
    assert received.body == b"bucket=pics&object=a&size=7&type=image%2Fpng&mine=a%26b&none="


def test_an_upload_whose_callback_fails_is_done_and_says_so(emu: Emulator, pics: Any) -> None:
    failed = upload(pics, callback(emu.webhooks.url(emu.url)))
    assert (failed.status_code, "<Code>CallbackFailed</Code>" in failed.text) == (203, True)
    assert len(emu.webhooks.received) == 1
    assert emu.oss.get("pics", "a") == b"content"
    (call,) = emu.calls.of("PutObject")
    assert (call.status, call.code) == (203, "CallbackFailed")


def test_a_callback_that_cannot_be_read_is_refused(pics: Any) -> None:
    assert upload(pics, {"x-oss-callback": "no base64"}).status_code == 400
