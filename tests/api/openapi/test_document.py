"""The contract that is served is the contract that is meant."""

from __future__ import annotations

import json

import msgspec
from httpx import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from functions.api.openapi.document import document
from functions.api.parsing.parameters import PARAMETERS
from functions.api.problems import PROBLEM_TYPES
from functions.tasks.report import TaskReport
from tests.support.http_stub_service import OPENAPI


def test_the_committed_file_is_current() -> None:
    # When this fails: make openapi
    assert json.loads(OPENAPI.read_text("utf-8")) == document()


def test_it_is_valid_openapi_3_1() -> None:
    assert document()["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document()).validate()


def test_it_is_served_as_it_stands(server: Client) -> None:
    response = server.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert response.content == OPENAPI.read_bytes()


def test_both_forms_know_the_same_parameters() -> None:
    described = document()
    inquiry = described["paths"]["/v1/tasks"]["get"]["parameters"]
    assert {parameter["name"] for parameter in inquiry} == set(PARAMETERS)
    assert set(described["components"]["schemas"]["Question"]["properties"]) == set(PARAMETERS)


def test_it_names_every_reason_and_every_member() -> None:
    text = json.dumps(document())
    assert all(reason in text for reason in PROBLEM_TYPES)
    members = document()["components"]["schemas"]["TaskReport"]["properties"]
    assert set(members) == {field.encode_name for field in msgspec.structs.fields(TaskReport)}
