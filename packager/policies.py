"""`python -m packager.policies [--check]`: the rights of each function, written from what its code calls.

The vendor's own sample policy omits the by-id action, so that its owner is denied (docs/vendor.md 5.5): copy none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from functions.products.registry import DEFAULT_PRODUCTS, OPTIONAL_PRODUCTS, SPECS
from functions.upstream.assumed_role import ASSUME_ROLE
from functions.upstream.operation import OperationKind
from packager.build import ROOT

FOLDER = ROOT / "deploy" / "policies"
_READS = (OperationKind.BY_ID, OperationKind.LIST, OperationKind.QUOTA)
_STORE = "acs:oss:*:*:YOUR-STORE-BUCKET"
"""To be replaced by the bucket of TASK_STATUS_STORE; the prefix below is that of deploy/.env.example."""
_PREFIX = "cdn-task-status"

_ROLE = "acs:ram::YOUR-OTHER-ACCOUNT:role/task-status"
"""To be replaced by the roles that accounts.toml names."""


class Rights(msgspec.Struct, frozen=True):
    """What one function may do: kinds of vendor operations, actions on the store's objects, listing them.

    `keeps_history`: it writes and lists finished tasks, and nothing else. `assumes_roles`: of other accounts.
    """

    kinds: Sequence[OperationKind]
    object_actions: Sequence[str] = ()
    lists_store: bool = False
    keeps_history: bool = False
    assumes_roles: bool = False
    products: Sequence[str] = DEFAULT_PRODUCTS


RIGHTS: Mapping[str, Rights] = MappingProxyType(
    {
        "task-status": Rights(_READS, ("oss:GetObject",), keeps_history=True),
        "task-status-submit": Rights((*_READS, OperationKind.SUBMIT), ("oss:GetObject",), keeps_history=True),
        "task-events": Rights(
            (*_READS, OperationKind.SUBMIT), ("oss:GetObject", "oss:PutObject", "oss:DeleteObject"), True
        ),
        "accounts": Rights((), assumes_roles=True),
        "other-account": Rights(_READS),
        "other-account-submit": Rights((*_READS, OperationKind.SUBMIT)),
        **{name: Rights(_READS, products=(name,)) for name in OPTIONAL_PRODUCTS},
        **{f"{name}-submit": Rights((*_READS, OperationKind.SUBMIT), products=(name,)) for name in OPTIONAL_PRODUCTS},
    }
)
"""By file name. `task-status-submit` replaces `task-status` where TASK_STATUS_SUBMIT is on.

An optional product's file is given to a role besides, and `accounts` to the functions' roles where there is an
accounts.toml; `other-account` is for the roles that it names, in their accounts."""


def policy(rights: Rights) -> Mapping[str, Any]:
    """The RAM policy that grants `rights` and nothing else.

    Vendor operations are granted on every resource: by-id operations know no other, and a list without a domain is
    denied under a policy by domain (docs/vendor.md 5.5).
    """
    statements = [_statement(vendor_actions(rights), "*")] if rights.kinds else []
    if rights.assumes_roles:
        statements.append(_statement((ASSUME_ROLE.ram_action,), _ROLE))
    if rights.object_actions:
        statements.append(_statement(rights.object_actions, f"{_STORE}/{_PREFIX}/*"))
    if rights.keeps_history:
        statements.append(_statement(("oss:PutObject",), f"{_STORE}/{_PREFIX}/tasks/*"))
        statements.append(_listing(f"{_PREFIX}/tasks/*"))
    if rights.lists_store:
        statements.append(_listing(f"{_PREFIX}/*"))
        # Asked once before the first claim: a versioned bucket would let claims be overwritten (OSS, PutObject).
        statements.append(_statement(("oss:GetBucketVersioning",), _STORE))
    return {"Version": "1", "Statement": statements}


def _listing(prefix: str) -> Mapping[str, Any]:
    return {**_statement(("oss:ListObjects",), _STORE), "Condition": {"StringLike": {"oss:Prefix": [prefix]}}}


def vendor_actions(rights: Rights) -> Sequence[str]:
    """The RAM actions of every operation that `rights` cover and the code calls, in name order."""
    operations = (each for name in rights.products for each in SPECS[name].operations)
    return sorted({each.ram_action for each in operations if each.kind in rights.kinds})


def _statement(actions: Sequence[str], resource: str) -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def texts() -> Mapping[Path, str]:
    """What each policy file must hold."""
    return {FOLDER / f"{name}.json": json.dumps(policy(rights), indent=2) + "\n" for name, rights in RIGHTS.items()}


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with --check only say which are out of step; 1 when one is."""
    wrong = [path for path, text in texts().items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        sys.stdout.writelines(f"{path.name} is out of step: python -m packager.policies\n" for path in wrong)
        return 1 if wrong else 0
    for path in wrong:
        path.write_text(texts()[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
