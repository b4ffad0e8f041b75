from __future__ import annotations

from pathlib import Path

import pytest

from packager.sdk import Cut, cut_sdk

CLIENT = """
from __future__ import annotations
from sample import models as main_models

class Client:
    def __init__(self):
        self.prefix = "call"

    def get_endpoint(self):
        return "host"

    def ask_with_options(self, request: main_models.AskRequest) -> main_models.AskResponse:
        return self.helper(main_models.AskResponse())

    def helper(self, value):
        return value

    def tell_with_options(self, request: main_models.TellRequest) -> None:
        raise AssertionError
"""
MODELS = {
    "_ask_request": "class AskRequest: pass\n",
    "_ask_response": "from sample import models as main_models\nclass AskResponse:\n    body: main_models.AskBody\n",
    "_ask_body": "class AskBody: pass\nclass AskBodyRow: pass\n",
    "_tell_request": "class TellRequest: pass\n",
}
INDEX = """
from ._ask_request import AskRequest
from ._ask_response import AskResponse
from ._ask_body import AskBody
from ._ask_body import AskBodyRow
from ._tell_request import TellRequest

__all__ = [AskRequest, AskResponse, AskBody, AskBodyRow, TellRequest]
"""


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    package = tmp_path / "sample"
    (package / "models").mkdir(parents=True)
    (package / "client.py").write_text(CLIENT, "utf-8")
    (package / "models" / "__init__.py").write_text(INDEX, "utf-8")
    for name, text in MODELS.items():
        (package / "models" / f"{name}.py").write_text(text, "utf-8")
    return package


def test_what_a_method_leads_to_is_kept_and_the_rest_is_left_out(sdk: Path) -> None:
    assert cut_sdk(sdk, frozenset({"ask_with_options"})) == Cut(methods=1, modules=1)
    client = (sdk / "client.py").read_text("utf-8")
    assert "def helper" in client
    assert "tell" not in client
    assert {path.stem for path in (sdk / "models").iterdir()} == {
        "__init__",
        "_ask_request",
        "_ask_response",
        "_ask_body",
    }


def test_the_index_names_exactly_what_is_left(sdk: Path) -> None:
    cut_sdk(sdk, frozenset({"ask_with_options"}))
    index = (sdk / "models" / "__init__.py").read_text("utf-8")
    assert "__all__ = ['AskRequest', 'AskResponse', 'AskBody', 'AskBodyRow']" in index
    assert "TellRequest" not in index


def test_an_operation_the_sdk_does_not_have_stops_the_build(sdk: Path) -> None:
    with pytest.raises(LookupError, match="the SDK has no beg_with_options"):
        cut_sdk(sdk, frozenset({"beg_with_options"}))
