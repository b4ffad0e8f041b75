"""`GET /v1/capabilities`: a page shows what this service and this token allow, and nothing else."""

from __future__ import annotations

from typing import Any

import jwt
import msgspec
import pytest

from functions.settings import AuthSettings, Settings
from functions.upstream.endpoint import Endpoint
from tests.api.conftest import Opener
from tests.support.http_stub_service import problem
from tests.support.token_clock import NEVER

PATH = "/v1/capabilities"
SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
GUARDED = Settings(submit=True, auth=AuthSettings(mode="jwt", jwt_secret=SECRET))
ALL_TYPES = {"refresh": ["file", "directory", "regex", "ignoreparams"], "preload": ["file"]}


def told(opened: Opener, settings: Settings, **claims: Any) -> dict[str, Any]:
    token = jwt.encode({"exp": NEVER, **claims}, SECRET, "HS256")
    answer: dict[str, Any] = opened(settings).get(PATH, headers={"Authorization": f"Bearer {token}"}).json()
    return answer


def test_a_token_without_claims_may_do_what_the_service_does(opened: Opener) -> None:
    assert told(opened, GUARDED) == {
        "products": ["cdn", "dcdn", "vod"],
        "submit": True,
        "actions": ["refresh", "preload"],
        "objectTypes": {"cdn": ALL_TYPES, "dcdn": ALL_TYPES, "vod": ALL_TYPES},
        "quota": True,
        "stream": False,
        "objectLookup": False,
        "history": False,
        "checks": [],
    }


def test_a_page_for_uploads_is_named_where_there_is_one(opened: Opener) -> None:
    page = "https://www.example.com/upload"
    assert told(opened, msgspec.structs.replace(GUARDED, upload_url=page))["uploadUrl"] == page


def test_claims_narrow_it(opened: Opener) -> None:
    answer = told(opened, GUARDED, products=["vod", "esa"], actions=["refresh", "regex"], domains=["b.com", "a.com"])
    assert (answer["products"], answer["actions"]) == (["vod"], ["refresh"])
    assert answer["objectTypes"] == {"vod": {"refresh": ["file", "regex", "ignoreparams"]}}
    assert (answer["domains"], answer["quota"]) == (["a.com", "b.com"], False)


@pytest.mark.parametrize("claims", [{"actions": []}, {"products": []}, {"domains": []}])
def test_a_token_that_may_submit_nothing_is_told_so(opened: Opener, claims: dict[str, Any]) -> None:
    answer = told(opened, GUARDED, **claims)
    assert not answer["submit"]
    assert (answer["actions"], answer["objectTypes"]) == ([], {})


def test_without_tokens_submitting_is_possible_against_the_emulator_only(opened: Opener) -> None:
    here = Endpoint("127.0.0.1:9100", "HTTP")
    open_to_all = Settings(products=("cdn",), submit=True)
    assert not opened(open_to_all).get(PATH).json()["submit"]
    emulated = Settings(products=("cdn",), submit=True, endpoints={"cdn": here})
    assert opened(emulated).get(PATH).json()["submit"]
    assert not opened(Settings()).get(PATH).json()["submit"]


def test_it_needs_a_token_and_takes_no_parameters(opened: Opener) -> None:
    problem(opened(GUARDED).get(PATH), 401, "missing-token")
    problem(opened(Settings()).get(f"{PATH}?x=1"), 400, "invalid-request")
    problem(opened(Settings()).get(PATH, headers={"Accept": "text/html"}), 406, "not-acceptable")
