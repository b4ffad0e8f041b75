from __future__ import annotations

import json
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

import pytest

from functions.products.registry import DEFAULT_PRODUCTS, OPTIONAL_PRODUCTS, SPECS
from functions.upstream.operation import OperationKind
from packager import policies

READS = {OperationKind.BY_ID, OperationKind.LIST, OperationKind.QUOTA}
EXPECTED = {
    "task-status": (READS, {"oss:GetObject", "oss:PutObject", "oss:ListObjects"}),
    "task-status-submit": (READS | {OperationKind.SUBMIT}, {"oss:GetObject", "oss:PutObject", "oss:ListObjects"}),
    "task-events": (
        READS | {OperationKind.SUBMIT},
        {"oss:GetObject", "oss:PutObject", "oss:ListObjects", "oss:DeleteObject", "oss:GetBucketVersioning"},
    ),
}
OPTIONAL = dict.fromkeys(OPTIONAL_PRODUCTS, READS) | {
    f"{name}-submit": READS | {OperationKind.SUBMIT} for name in OPTIONAL_PRODUCTS
}
OTHER_ACCOUNTS = {"other-account": READS, "other-account-submit": READS | {OperationKind.SUBMIT}}


def _statements(name: str) -> list[dict[str, Any]]:
    document = json.loads((policies.FOLDER / f"{name}.json").read_text("utf-8"))
    assert document["Version"] == "1"
    statements: list[dict[str, Any]] = document["Statement"]
    return statements


def _actions(name: str) -> set[str]:
    return {action for statement in _statements(name) for action in statement["Action"]}


def test_there_is_a_policy_for_each_set_of_rights_and_no_other() -> None:
    assert {path.stem for path in policies.FOLDER.iterdir()} == {*EXPECTED, *OPTIONAL, *OTHER_ACCOUNTS, "accounts"}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_policy_grants_what_the_code_calls_and_nothing_else(name: str) -> None:
    kinds, store_actions = EXPECTED[name]
    assert _actions(name) == called(DEFAULT_PRODUCTS, kinds) | store_actions


def called(products: Iterable[str], kinds: Container[OperationKind]) -> set[str]:
    return {f"{name}:{each.action}" for name in products for each in SPECS[name].operations if each.kind in kinds}


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_product_s_policy_grants_its_operations_only(name: str) -> None:
    assert _actions(name) == called([name.removesuffix("-submit")], OPTIONAL[name])


def test_assuming_roles_is_a_policy_of_its_own_and_names_the_roles() -> None:
    (statement,) = _statements("accounts")
    assert statement["Action"] == ["sts:AssumeRole"]
    assert statement["Resource"].startswith("acs:ram::")


@pytest.mark.parametrize("name", OTHER_ACCOUNTS)
def test_a_role_in_another_account_may_do_what_is_called_there_and_nothing_else(name: str) -> None:
    assert _actions(name) == called(DEFAULT_PRODUCTS, OTHER_ACCOUNTS[name])


@pytest.mark.parametrize("name", EXPECTED)
def test_looking_up_by_id_is_granted_as_the_vendors_sample_forgets(name: str) -> None:
    assert {"cdn:DescribeRefreshTaskById", "dcdn:DescribeDcdnRefreshTaskById"} <= _actions(name)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_store_is_granted_below_its_prefix_only(name: str) -> None:
    store = [statement for statement in _statements(name) if statement["Action"][0].startswith("oss:")]
    for statement in store:
        if statement["Action"] == ["oss:GetBucketVersioning"]:  # a property of the bucket, holding nothing of it
            continue
        lists = statement["Action"] == ["oss:ListObjects"]
        reach = statement["Condition"]["StringLike"]["oss:Prefix"] if lists else [statement["Resource"]]
        history_only = statement["Action"] == ["oss:PutObject"] or (lists and name != "task-events")
        own = "cdn-task-status/tasks/*" if history_only else "cdn-task-status/*"
        assert all(place.endswith(f"/{own}") or place == own for place in reach)
    assert not any("*" in action for action in _actions(name))


def test_a_policy_out_of_step_is_found_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(policies, "FOLDER", tmp_path)
    assert policies.main(["--check"]) == 1
    assert "task-events.json is out of step" in capsys.readouterr().out
    assert policies.main([]) == 0
    assert policies.main(["--check"]) == 0
