"""The first line of the log tells what is in effect: case N3."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from functions.api.runtime.startup_log import log_start
from functions.logs import JsonLines
from functions.settings import read_settings

KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tKey", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "LTAI5tSecret"}


def first_line(caplog: pytest.LogCaptureFixture, environ: dict[str, str]) -> tuple[str, dict[str, Any]]:
    caplog.set_level(logging.INFO)
    log_start(read_settings(environ), environ)
    text = JsonLines().format(caplog.records[-1])
    return text, json.loads(text)


def test_it_names_what_an_operator_asks_for_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    secret = "s3cret-" * 6
    environ = {
        **KEY,
        "TASK_STATUS_JWT_SECRET": secret,
        "TASK_STATUS_WEBHOOK_URL": "https://hooks.example.com/path-with-a-token",
        "TASK_STATUS_WEBHOOK_SECRET": "whsec_" + "A" * 32,
        "TASK_STATUS_CDN_ENDPOINT": "http://127.0.0.1:9100",
        "TASK_STATUS_SUBMIT": "on",
    }
    text, line = first_line(caplog, environ)
    assert (line["level"], line["message"]) == ("INFO", "started")
    assert (line["auth"], line["credentials"], line["submit"]) == ("jwt", "environment", True)
    assert line["endpoints"] == {"cdn": "http://127.0.0.1:9100"}
    for hidden in (secret, "A" * 32, "path-with-a-token", *KEY.values()):
        assert hidden not in text


@pytest.mark.parametrize(
    ("environ", "auth", "credentials"),
    [
        ({}, "none", "none"),
        ({"TASK_STATUS_AUTH": "jwt", **KEY}, "jwt, nothing configured", "environment"),
        ({"FC_FUNCTION_NAME": "x"}, "jwt, nothing configured", "request headers"),
    ],
)
def test_what_cannot_work_is_a_warning(
    caplog: pytest.LogCaptureFixture, environ: dict[str, str], auth: str, credentials: str
) -> None:
    _, line = first_line(caplog, environ)
    assert (line["level"], line["auth"], line["credentials"]) == ("WARNING", auth, credentials)
