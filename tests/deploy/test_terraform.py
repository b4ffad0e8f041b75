"""deploy/terraform makes what s.yaml makes: read by HashiCorp's parser, filled in here, compared member by member."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from packager.build import ROOT
from packager.env_file import read_env_file
from packager.rendering import render

FOLDER = ROOT / "deploy" / "terraform"
NODE = ROOT / "tests" / "deploy" / "node"
ARGUMENTS = json.loads((ROOT / "tests" / "deploy" / "samples" / "alicloud-provider-arguments.json").read_text("utf-8"))
ENVIRONMENT = read_env_file(ROOT / "deploy" / ".env.example").values
GIVEN = {
    "account_id": ENVIRONMENT["DEPLOY_ACCOUNT_ID"],
    "bucket": ENVIRONMENT["DEPLOY_BUCKET"],
    "store_bucket": ENVIRONMENT["DEPLOY_STORE"].split("/")[2],
    "log_project": ENVIRONMENT["DEPLOY_LOG_PROJECT"],
}
EMPTY_UNLESS_SET = {"layers", "vpcConfig", "nasConfig", "ossMountConfig", "tracingConfig"}
"""Serverless Devs would set these back where they are left out; Terraform makes functions of its own."""
RESOURCES_OF_THEIR_OWN = {"region", "code", "triggers", "concurrencyConfig", "asyncInvokeConfig"}
REFERENCE = re.compile(r"\$\{(var|local|alicloud_\w+)\.([\w.]+)\}")

Tree = dict[str, Any]


@pytest.fixture(scope="module")
def parsed() -> Mapping[str, Tree]:
    """Each file as JSON."""
    node = Path(sys.executable).parent / "node"
    done = subprocess.run([node, NODE / "hcl.mjs", FOLDER], capture_output=True, text=True, check=True)
    files: dict[str, Tree] = json.loads(done.stdout)
    return files


@pytest.fixture(scope="module")
def resources(parsed: Mapping[str, Tree]) -> Mapping[str, Tree]:
    """Every resource by its address, filled in with the defaults and the example's values."""
    variables = {name: block.get("default") for name, (block,) in _all(parsed, "variable")} | GIVEN
    written = {
        f"{kind}.{name}": {key: value for key, value in block.items() if key != "depends_on"}
        for kind, named in _all(parsed, "resource")
        for name, (block,) in named.items()
    }
    local = {name: value for block in _blocks(parsed, "locals") for name, value in block.items()}
    values = {f"var.{name}": value for name, value in variables.items()}
    values |= {f"local.{name}": value for name, value in local.items()}
    values |= {f"{address}.{name}": value for address, block in written.items() for name, value in block.items()}
    return {address: _filled(block, values) for address, block in written.items()}


def _all(parsed: Mapping[str, Tree], kind: str) -> Iterator[tuple[str, Any]]:
    for tree in parsed.values():
        yield from tree.get(kind, {}).items()


def _blocks(parsed: Mapping[str, Tree], kind: str) -> Iterator[Tree]:
    for tree in parsed.values():
        yield from tree.get(kind, ())


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """References replaced by what they name; `jsonencode(x)` is x. Functions of other names stay as they are."""
    if isinstance(value, dict):
        return {key: _filled(member, values) for key, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, values) for member in value]
    if not isinstance(value, str):
        return value
    text = re.sub(r"^\$\{jsonencode\((.+)\)\}$", r"${\1}", value)
    if whole := REFERENCE.fullmatch(text):
        return _filled(values[f"{whole[1]}.{whole[2]}"], values)
    return REFERENCE.sub(lambda match: str(_filled(match[0], values)), text)


TEMPLATE = render(ROOT / "s.yaml", ENVIRONMENT)["resources"]
FUNCTIONS = {"web": TEMPLATE["task-status"]["props"], "events": TEMPLATE["task-events"]["props"]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_that_of_the_template(resources: Mapping[str, Tree], name: str) -> None:
    made = _camel(resources[f"alicloud_fcv3_function.{name}"])
    meant = FUNCTIONS[name]
    assert made.keys() == meant.keys() - EMPTY_UNLESS_SET - RESOURCES_OF_THEIR_OWN | {"code"}
    for key in made.keys() - {"code"}:
        assert (key, made[key]) == (key, meant[key])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_capped_and_retried_as_in_the_template(resources: Mapping[str, Tree], name: str) -> None:
    meant = FUNCTIONS[name]
    cap = resources[f"alicloud_fcv3_concurrency_config.{name}"]
    assert (cap["function_name"], cap["reserved_concurrency"]) == (
        meant["functionName"],
        meant["concurrencyConfig"]["reservedConcurrency"],
    )
    retries = resources.get(f"alicloud_fcv3_async_invoke_config.{name}")
    settings = meant.get("asyncInvokeConfig", {})
    expected = {key: value for key, value in settings.items() if key != "destinationConfig"}
    assert (_camel(retries) if retries else {}) == (
        {"functionName": meant["functionName"], **expected} if settings else {}
    )


def test_triggers_are_those_of_the_template(resources: Mapping[str, Tree]) -> None:
    made = [_camel(block) for address, block in resources.items() if address.startswith("alicloud_fcv3_trigger.")]
    meant = [
        {"functionName": props["functionName"], **trigger}
        for props in FUNCTIONS.values()
        for trigger in props["triggers"]
    ]
    assert sorted(made, key=_name) == sorted(meant, key=_name)


def _name(trigger: Tree) -> str:
    return str(trigger["triggerName"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_is_trusted_by_function_compute_and_has_the_rights_of_the_policies(
    resources: Mapping[str, Tree], name: str
) -> None:
    role = resources[f"alicloud_ram_role.{name}"]
    assert FUNCTIONS[name]["role"].endswith(f":role/{role['role_name']}")
    (statement,) = role["assume_role_policy_document"]["Statement"]
    assert statement["Principal"] == {"Service": ["fc.aliyuncs.com"]}
    attachment = resources[f"alicloud_ram_role_policy_attachment.{name}"]
    policy = resources[f"alicloud_ram_policy.{name}"]
    assert (attachment["role_name"], attachment["policy_name"]) == (role["role_name"], policy["policy_name"])


def test_every_policy_file_that_is_named_is_there(parsed: Mapping[str, Tree]) -> None:
    named = set(re.findall(r"[a-z-]+\.json", json.dumps(parsed["roles.tf"]["locals"])))
    # For what is off by default, or for other accounts: its README adds them by hand.
    optional = {"esa.json", "esa-submit.json", "accounts.json", "other-account.json", "other-account-submit.json"}
    assert named == {path.name for path in (ROOT / "deploy" / "policies").glob("*.json")} - optional


def test_every_argument_is_one_that_the_provider_documents(resources: Mapping[str, Tree]) -> None:
    for address, block in resources.items():
        known = ARGUMENTS["resources"][address.partition(".")[0]]
        given = set(_paths(block))
        assert given - {*known["required"], *known["optional"]} == set(), address
        assert {path for path in known["required"] if "." not in path} <= given, address


def _paths(block: Tree, above: str = "") -> Iterator[str]:
    """Arguments of nested blocks under the names of their blocks; a map, or JSON, is one argument."""
    for name, value in block.items():
        yield above + name
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _paths(value[0], f"{above}{name}.")


def _camel(value: Any) -> Any:
    """In the template's words: camelCase, and a block that stands once is an object."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return _camel(value[0])
    if not isinstance(value, dict):
        return value
    return {_word(key): member if key == "environment_variables" else _camel(member) for key, member in value.items()}


def _word(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
