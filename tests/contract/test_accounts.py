"""Other accounts through the real SDKs: their roles assumed, their tasks apart, their troubles their own."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from emulator.core.accounts import DEFAULT_ACCOUNT
from emulator.testing import Emulator, Hang, Refuse, Role, Throttle
from functions.errors import UpstreamFault
from functions.events.action_report import rejection_problems
from functions.events.change import Action, ActionKind
from functions.events.rules import read_rules
from functions.model import Clock, Moment, SystemClock
from functions.products.registry import SPECS
from functions.products.spec import ProductSpec
from functions.settings import read_settings
from functions.tasks.history import history
from functions.tasks.query import ListQuery, Scope
from functions.tasks.report import Task
from functions.upstream.assumed_role import KEY_SECONDS, RENEWED_SECONDS, AssumedRole, assumed_role
from functions.upstream.credentials import CredentialSource
from functions.upstream.endpoint import parse_endpoint
from tests.support.other_accounts import ARN, two_accounts
from tests.support.real_service import (
    KEY,
    LIFTED,
    RealService,
    environment_of,
    query_of,
    real_service,
    real_service_in_network_time,
)
from tests.support.submissions import URL, submit
from tests.support.web_function import web_over


@pytest.fixture
def accounts(emu: Emulator, tmp_path: Path) -> Path:
    return two_accounts(emu, tmp_path)


@pytest.fixture
def real(emu: Emulator, accounts: Path) -> Iterator[RealService]:
    with real_service(emu, None, accounts=accounts, **LIFTED) as opened:
        yield opened


def ids(tasks: tuple[Task, ...]) -> list[str]:
    return [task.id for task in tasks]


def test_each_account_has_its_own_tasks(emu: Emulator, real: RealService) -> None:
    own = emu.tasks.add("cdn", [URL])
    acme = emu.tasks.add("cdn", [URL], account="acme")
    globex = emu.tasks.add("cdn", [URL], account="globex")
    report = real.report(f"cdn:{own},acme/cdn:{acme},globex/cdn:{globex},cdn:{acme},acme/cdn:{own},globex/cdn:{acme}")
    assert ids(report.tasks) == [f"cdn:{own}", f"acme/cdn:{acme}", f"globex/cdn:{globex}"]
    assert [(task.account, task.product, task.task_id) for task in report.tasks] == [
        (None, "cdn", own),
        ("acme", "cdn", acme),
        ("globex", "cdn", globex),
    ]
    assert [(entry.id, entry.products) for entry in report.not_found] == [
        (f"cdn:{acme}", ("cdn",)),
        (f"acme/cdn:{own}", ("acme/cdn",)),
        (f"globex/cdn:{acme}", ("globex/cdn",)),
    ]
    assert report.problems == ()


def test_a_task_of_the_own_account_reads_as_without_accounts(emu: Emulator, real: RealService) -> None:
    report = real.report(emu.tasks.add("cdn", [URL]))
    assert "account" not in json.loads(msgspec.json.encode(report.tasks[0]))


def test_an_id_without_an_account_is_asked_of_the_own_one_only(emu: Emulator, real: RealService) -> None:
    acme = emu.tasks.add("cdn", [URL], account="acme")
    report = real.report(acme)
    assert [(entry.id, entry.products) for entry in report.not_found] == [(acme, ("cdn", "dcdn", "vod"))]
    assert emu.calls.count("AssumeRole") == 0
    assert {call.account for call in emu.calls.all()} == {DEFAULT_ACCOUNT}


def test_a_role_is_assumed_once_for_all_its_products_and_callers(emu: Emulator, real: RealService) -> None:
    task_ids = {product: emu.tasks.add(product, [URL], account="acme") for product in ("cdn", "dcdn", "vod")}

    async def together() -> list[int]:
        questions = (query_of(f"acme/{product}:{task_id}") for product, task_id in task_ids.items() for _ in range(5))
        answers = await asyncio.gather(*map(real.service.lookup, questions))
        return [answer.report.summary.found for answer in answers]

    assert real.run(together()) == [1] * 15
    (call,) = emu.calls.of("AssumeRole")
    assert (call.params["RoleArn"], call.params["RoleSessionName"]) == (ARN, "cdn-task-status")


def test_lists_quotas_and_submissions_are_the_accounts(emu: Emulator, real: RealService) -> None:
    own = emu.tasks.add("cdn", [URL], age=30)
    (made,) = submit(real, URL, product="acme/cdn").report.tasks
    assert (made.id, made.account, made.product) == (f"acme/cdn:{made.task_id}", "acme", "cdn")
    listed = {
        products: real.run(real.service.list(ListQuery(products=products))).page.tasks
        for products in (("cdn",), ("acme/cdn",), ("cdn", "acme/cdn"))
    }
    assert f"cdn:{own}" in ids(listed["cdn",])
    assert ids(listed["acme/cdn",]) == [made.id]
    both = listed["cdn", "acme/cdn"]
    assert sorted(ids(both)) == sorted([*ids(listed["cdn",]), made.id])
    created = [task.created_at or "" for task in both]
    assert created == sorted(created, reverse=True), "newest first, whosever they are"
    quotas = real.run(real.service.quota(Scope(), ("cdn", "acme/cdn"))).report.quotas
    left = {quota.account: quota.remaining for quota in quotas if quota.kind == "url"}
    assert left == {None: 10_000, "acme": 9_999}


def test_a_callers_budget_in_one_account_is_not_used_up_in_another(emu: Emulator, accounts: Path) -> None:
    with real_service(emu, accounts=accounts, caller_urls_per_minute=1) as real:
        scope = Scope(caller="somebody")
        for product in ("cdn", "acme/cdn", "globex/cdn"):
            assert submit(real, URL, product=product, scope=scope).report.tasks


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda emu: emu.roles.remove(ARN), "EntityNotExist.Role"),
        (lambda emu: emu.roles.add(Role(arn=ARN, account="acme", trusts=("somebody-else",))), "NoPermission"),
        (lambda emu: emu.roles.add(Role(arn=ARN, account="acme", external_id="another")), "NoPermission"),
    ],
    ids=["no such role", "not trusted", "another external id"],
)
def test_a_role_that_is_refused_troubles_its_account_only(
    emu: Emulator, real: RealService, spoil: object, code: str
) -> None:
    assert callable(spoil)
    spoil(emu)
    own, globex = emu.tasks.add("cdn", [URL]), emu.tasks.add("cdn", [URL], account="globex")
    report = real.report(f"{own},globex/cdn:{globex},acme/cdn:1,acme/vod:2")
    assert ids(report.tasks) == [f"cdn:{own}", f"globex/cdn:{globex}"]
    assert [(entry.id, entry.products) for entry in report.undecided] == [
        ("acme/cdn:1", ("acme/cdn",)),
        ("acme/vod:2", ("acme/vod",)),
    ]
    assert [
        (each.account, each.product, each.reason, each.vendor_code, each.retry_after) for each in report.problems
    ] == [
        ("acme", "cdn", "denied", code, None),
        ("acme", "vod", "denied", code, None),
    ]
    asked = emu.calls.count("AssumeRole")
    real.report(f"{own},acme/cdn:3,acme/dcdn:4")
    assert emu.calls.count("AssumeRole") == asked, "a role that was refused is not asked for again at once"


def test_that_an_accounts_rights_are_missing_is_that_accounts_problem(emu: Emulator, real: RealService) -> None:
    own, acme = emu.tasks.add("cdn", [URL]), emu.tasks.add("dcdn", [URL], account="acme")
    emu.faults.add("DescribeDcdnRefreshTaskById", Refuse(status=403, code="Forbidden.RAM"))
    report = real.report(f"cdn:{own},acme/dcdn:{acme}")
    assert ids(report.tasks) == [f"cdn:{own}"]
    assert [(each.account, each.reason) for each in report.problems] == [("acme", "denied")]


def test_while_sts_is_silent_the_own_account_answers_at_once(emu: Emulator, accounts: Path) -> None:
    emu.faults.add("AssumeRole", Hang())
    own = emu.tasks.add("cdn", [URL])
    with real_service_in_network_time(emu, hanging="AssumeRole", accounts=accounts) as real:
        report = real.report(f"cdn:{own},acme/cdn:1")
        assert ids(report.tasks) == [f"cdn:{own}"]
        assert [(entry.id, entry.products) for entry in report.undecided] == [("acme/cdn:1", ("acme/cdn",))]
        assert [(each.account, each.reason) for each in report.problems] == [("acme", "timeout")]
        assert real.report(f"cdn:{own}").summary.found == 1


def test_a_key_that_is_refused_before_its_end_is_replaced_within_the_question(emu: Emulator, accounts: Path) -> None:
    acme = emu.tasks.add("cdn", [URL], account="acme")
    with real_service_in_network_time(emu, accounts=accounts) as real:
        assert real.report(f"acme/cdn:{acme}").summary.found == 1
        real.run(asyncio.sleep(120))
        emu.accounts.expire(emu.calls.of("cdn")[0].access_key_id)
        report = real.report(f"acme/cdn:{emu.tasks.add('cdn', [URL], account='acme')}")
    assert (report.summary.found, report.problems) == (1, ())
    assert emu.calls.count("AssumeRole") == 2


def test_a_submission_with_a_key_that_is_refused_is_made_once_with_the_next(emu: Emulator, accounts: Path) -> None:
    with real_service_in_network_time(emu, accounts=accounts) as real:
        submit(real, URL, product="acme/cdn")
        real.run(asyncio.sleep(120))
        emu.accounts.expire(emu.calls.of("cdn")[0].access_key_id)
        assert submit(real, URL, product="acme/cdn").report.tasks
    assert [call.code for call in emu.calls.of("RefreshObjectCaches")] == ["", "InvalidSecurityToken.Expired", ""]


def test_a_new_key_that_is_refused_is_not_replaced_again_and_again(emu: Emulator, accounts: Path) -> None:
    own = emu.tasks.add("dcdn", [URL])
    emu.faults.add("DescribeRefreshTaskById", Refuse(status=400, code="InvalidSecurityToken.Expired"))
    with real_service_in_network_time(emu, accounts=accounts) as real:
        report = real.report(f"dcdn:{own},acme/cdn:1")
    assert [(each.account, each.reason) for each in report.problems] == [("acme", "bad-credentials")]
    assert (emu.calls.count("AssumeRole"), emu.calls.count("DescribeRefreshTaskById")) == (1, 1)


def test_a_key_is_renewed_before_it_ends_and_serves_on_while_sts_is_away(emu: Emulator, accounts: Path) -> None:
    def found(real: RealService) -> int:
        return real.report(f"acme/cdn:{emu.tasks.add('cdn', [URL], account='acme')}").summary.found

    own = emu.tasks.add("cdn", [URL])
    with real_service_in_network_time(emu, accounts=accounts) as real:
        assert found(real) == 1
        real.run(asyncio.sleep(KEY_SECONDS - RENEWED_SECONDS - 1))
        assert (found(real), emu.calls.count("AssumeRole")) == (1, 1)
        emu.faults.add("AssumeRole", Throttle())
        real.run(asyncio.sleep(60))
        assert found(real) == 1
        asked = emu.calls.count("AssumeRole")
        assert asked > 1
        assert (found(real), emu.calls.count("AssumeRole")) == (1, asked), "not asked with every call"
        emu.faults.clear()
        real.run(asyncio.sleep(60))
        assert (found(real), emu.calls.count("AssumeRole")) == (1, asked + 1)
        emu.faults.add("AssumeRole", Throttle())
        real.run(asyncio.sleep(KEY_SECONDS))
        report = real.report(f"{own},acme/cdn:1")
        assert [(each.account, each.reason, each.vendor_code) for each in report.problems] == [
            ("acme", "throttled", "Throttling.User")
        ]


def role_of(accounts: Path, emu: Emulator, clock: Clock) -> AssumedRole:
    (acme, _) = read_settings(environment_of(emu, accounts=accounts)).accounts
    endpoint, own = parse_endpoint(emu.url), CredentialSource(KEY)
    return assumed_role(acme.name, role=acme.role, external_id=None, endpoint=endpoint, own=own, clock=clock)


def test_who_has_no_time_left_spoils_nothing_for_others(emu: Emulator, accounts: Path) -> None:
    async def key_of(role: AssumedRole) -> str:
        now = asyncio.get_running_loop().time()
        with pytest.raises(UpstreamFault):
            await role.prepare(now - 1)
        await role.prepare(now + 30)
        return role.newest().access_key_id

    role = role_of(accounts, emu, SystemClock())
    assert asyncio.run(key_of(role)).startswith("STS.")
    role.close()


class LaterClock(SystemClock):
    """The machine's, ahead by as much as a test says."""

    ahead = 0.0

    def now(self) -> Moment:
        return super().now().later(self.ahead)


def test_a_key_that_was_replaced_meanwhile_is_no_reason_to_give_up_or_to_replace_its_successor(
    emu: Emulator, accounts: Path
) -> None:
    clock = LaterClock()

    async def answers(role: AssumedRole) -> list[bool]:
        soon = asyncio.get_running_loop().time() + 30
        await role.prepare(soon)
        old = role.newest()
        too_new = role.refused(old)
        clock.ahead = 120.0
        replaced = role.refused(old)
        await role.prepare(soon)
        return [too_new, replaced, role.refused(old), role.refused(role.newest())]

    role = role_of(accounts, emu, clock)
    assert asyncio.run(answers(role)) == [False, True, True, False]
    role.close()
    assert emu.calls.count("AssumeRole") == 2


def test_who_may_not_see_an_account_makes_no_call_in_it(emu: Emulator, real: RealService) -> None:
    acme = emu.tasks.add("cdn", [URL], account="acme")
    for scope in (Scope(accounts=frozenset({"own"})), Scope(products=frozenset({"cdn"}))):
        query = msgspec.structs.replace(query_of(f"acme/cdn:{acme}"), scope=scope)
        report = real.run(real.service.lookup(query)).report
        assert [entry.id for entry in report.not_found] == [f"acme/cdn:{acme}"]
    assert emu.calls.all() == ()


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_everything_that_a_product_calls_in_another_account_bears_its_name(spec: ProductSpec) -> None:
    there = spec.of_account("acme")
    assert {operation.product for operation in there.operations} == {there.name} == {f"acme/{spec.name}"}
    assert [operation.action for operation in there.operations] == [operation.action for operation in spec.operations]


def test_an_events_report_names_the_account_of_what_was_refused() -> None:
    action = Action(
        product="acme/cdn", kind=ActionKind.REFRESH, object_type="file", object_path=URL, refusal="quota-exceeded"
    )
    (problem,) = rejection_problems([action])
    assert (problem.account, problem.product, problem.reason) == ("acme", "cdn", "quota-exceeded")


def test_no_key_of_another_account_is_in_any_line_of_the_log(
    emu: Emulator, real: RealService, written: io.StringIO
) -> None:
    acme = emu.tasks.add("cdn", [URL], account="acme")
    assert real.report(f"acme/cdn:{acme}").summary.found == 1
    text = written.getvalue()
    assert "AssumeRole" in text
    key = emu.accounts.get(emu.calls.of("cdn")[0].access_key_id)
    assert key is not None
    assert key.token is not None
    assert not any(secret in text for secret in (key.id, key.secret, key.token))


def test_what_was_seen_done_is_kept_for_each_account_by_itself(
    emu: Emulator, accounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("SETTLE_SECONDS", "RECALL_SECONDS"):  # the store's SDK takes its time on a busy machine
        monkeypatch.setattr(history, patience, 60.0)
    emu.oss.create_bucket("kept")
    task = emu.tasks.add("cdn", [URL], age=100, account="acme")
    with real_service(emu, None, accounts=accounts, store="oss://kept/status", oss_endpoint=emu.url) as real:
        assert real.report(f"acme/cdn:{task}").summary.done
    emu.tasks.remove("cdn", task)
    with real_service(emu, None, accounts=accounts, store="oss://kept/status", oss_endpoint=emu.url) as real:
        report = real.report(f"acme/cdn:{task},cdn:{task},globex/cdn:{task}")
    assert [(task.id, task.source) for task in report.tasks] == [(f"acme/cdn:{task}", "history")]
    assert [entry.id for entry in report.not_found] == [f"cdn:{task}", f"globex/cdn:{task}"]


def test_it_holds_over_http(emu: Emulator, accounts: Path) -> None:
    acme = emu.tasks.add("cdn", [URL], age=100, account="acme")
    with web_over(emu, accounts=accounts, submit="on") as web:
        found = web.get(f"/v1/tasks?taskId=acme/cdn:{acme}")
        assert [(task["id"], task["account"], task["product"]) for task in found.json()["tasks"]] == [
            (f"acme/cdn:{acme}", "acme", "cdn")
        ]
        assert found.headers["server-timing"].startswith("acme.cdn;dur=")
        listed = web.get("/v1/tasks?account=acme").json()
        assert [task["id"] for task in listed["tasks"]] == [f"acme/cdn:{acme}"]
        quotas = web.get("/v1/quota?account=globex").json()["quotas"]
        assert {(quota["account"], quota["product"]) for quota in quotas} == {("globex", "cdn")}
        told = web.get("/v1/capabilities").json()
        assert told["products"] == ["cdn", "dcdn", "vod", "acme/cdn", "acme/dcdn", "acme/vod", "globex/cdn"]
        body = {"action": "refresh", "product": "cdn", "account": "globex", "objectPaths": [URL]}
        (made,) = web.client.post("/v1/tasks", json=body).json()["tasks"]
        assert (made["account"], made["product"], made["id"]) == ("globex", "cdn", f"globex/cdn:{made['taskId']}")
        with web.stream(f"/v1/tasks?taskId=acme/cdn:{acme}") as (_, events):
            names = [event.name for event in events]
        assert (names[0], names[-1]) == ("report", "done")
        hidden = web.get("/v1/tasks?taskId=initech/cdn:1").json()
        assert [fault["parameter"] for fault in hidden["errors"]] == ["taskId"]


def test_an_object_of_another_accounts_rule_is_asked_for_there(emu: Emulator, accounts: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    text = '[[rule]]\nbucket = "pics"\nproduct = "acme/cdn"\nurl = "https://img.example.com/{key}"\n'
    rules.write_text(text, "utf-8")
    settings = read_settings(environment_of(emu, accounts=accounts, rules=rules))
    (rule,) = read_rules(settings.rules_path, settings.product_names).rules
    task = emu.tasks.add("cdn", ["https://img.example.com/a.png"], account="acme")
    with real_service(emu, None, accounts=accounts) as real:
        followed = real.run(real.service.follow_urls(rule.product, ("https://img.example.com/a.png",)))
    assert ids(followed.report.tasks) == [f"acme/cdn:{task}"]


def test_without_other_accounts_what_assumes_roles_is_not_even_imported() -> None:
    program = (
        "import sys; from functions.settings import read_settings; from functions.tasks.wiring import build_service;"
        "from functions.upstream.credentials import CredentialSource;"
        "build_service(read_settings({}), CredentialSource({}));"
        "print([name for name in sys.modules if 'assumed_role' in name or 'sts2015' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
