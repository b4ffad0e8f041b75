"""Every way a command can end, by its exit code: the service and the account are real, sockets and all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.testing import Emulator, Refuse, Row, Transition
from tests.support.command import ManualClock, command, environment, inside
from tests.support.other_accounts import two_accounts
from tests.support.web_function import web_over

URL = "https://www.example.com/a.jpg"
FAILED_ROWS = (Row("http://example.com/bad.jpg", "Failed", 25, "Origin Timeout"), Row("http://example.com/good.jpg"))
ENDLESS = Transition(by="seconds", length=1e9, pending=0.0)


def test_waiting_for_what_is_complete_succeeds(account: Emulator, env: dict[str, str]) -> None:
    task = account.tasks.add("cdn", ["http://example.com/a.jpg"])
    ended = command("wait", task, env=env)
    assert ended.exit == 0
    assert ended.out == f"cdn:{task}  refresh  file  complete  100 %  1 complete\n"


def test_a_task_with_a_failed_url_fails_and_names_it(account: Emulator, env: dict[str, str]) -> None:
    task = account.tasks.add("cdn", FAILED_ROWS)
    ended = command("wait", f"cdn:{task}", env=env)
    assert ended.exit == 1
    assert "  failed  http://example.com/bad.jpg  origin-timeout: Origin Timeout\n" in ended.out


def test_an_id_that_is_old_news_to_the_service_and_unknown_to_the_vendor_is_missing(
    account: Emulator, env: dict[str, str]
) -> None:
    account.faults.add("DescribeRefreshTaskById", Refuse(code="OperationDenied", status=403))
    ended = command("wait", "cdn:999", env=env)
    assert ended.exit == 3
    assert ended.out.startswith("cdn:999  ")


def test_what_moves_for_ever_times_out_and_is_shown_as_it_is(account: Emulator, env: dict[str, str]) -> None:
    task = account.tasks.add("cdn", ["http://example.com/a.jpg"], transition=ENDLESS)
    ended = inside("wait", f"cdn:{task}", "--timeout", "1h", "--json", env=env, clock=ManualClock(leap=3_600))
    assert ended.exit == 124
    assert json.loads(ended.out)["tasks"][0]["status"] == "running"
    assert "not over within 3600 s" in ended.err


def test_failing_fast_does_not_wait_for_the_rest(account: Emulator, env: dict[str, str]) -> None:
    rows = (Row("http://example.com/bad.jpg", "Failed", 0, "Internal Error"), Row("http://example.com/b", "Refreshing"))
    task = account.tasks.add("cdn", rows)
    assert inside("wait", f"cdn:{task}", env=env, clock=ManualClock(leap=3_600)).exit == 124
    assert command("wait", f"cdn:{task}", "--fail-fast", env=env).exit == 1


def test_status_looks_once_and_says_when_it_is_not_over(account: Emulator, env: dict[str, str]) -> None:
    over = account.tasks.add("cdn", ["http://example.com/a.jpg"])
    moving = account.tasks.add("cdn", ["http://example.com/a.jpg"], transition=ENDLESS)
    assert command("status", f"cdn:{over}", env=env).exit == 0
    ended = command("status", f"cdn:{over},cdn:{moving}", env=env)
    assert (ended.exit, ended.err) == (124, "")
    assert f"cdn:{moving}  refresh  file  running" in ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("wait",),
        ("wait", "no-id"),
        ("wait", "1", "--timeout", "soon"),
        ("wait", "-"),
        ("submit", "purge", URL),
        ("submit", "refresh", "--product", "cdn,dcdn", URL),
        ("submit", "preload", "--object-type", "directory", URL),
        ("submit", "refresh", "no url at all"),
        ("submit", "refresh", "--product", "esa", URL),
        ("list", "--limit", "0"),
        ("list", "--since", "yesterday"),
        ("wait", "1", "--time", "3"),
    ],
)
def test_what_is_written_wrongly_is_wrong_usage_and_one_line(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    ended = inside(*arguments, env=env)
    assert ended.exit == 2
    assert ended.err.startswith("cdn-task-status: ")
    assert ended.err.count("\n") == 1
    assert ended.out == ""


@pytest.mark.parametrize("address", ["", "ftp://example.com", "https://u:top-secret@example.com", "https://e.com/?t=1"])
def test_an_address_that_is_none_is_wrong_usage(address: str) -> None:
    ended = inside("wait", "1", env=environment(address))
    assert ended.exit == 2
    assert "top-secret" not in ended.err


def test_a_submission_prints_its_ids_for_scripts(account: Emulator, env: dict[str, str]) -> None:
    ended = command("submit", "refresh", URL, env=env)
    (task,) = (task for task in account.tasks.all("cdn") if task.rows[0].object_path == URL)
    assert (ended.exit, ended.out, ended.err) == (0, f"cdn:{task.task_id}\n", "")


@pytest.mark.parametrize(
    "arguments", [("submit", "refresh", "--wait", "-"), ("wait", "--submit", "refresh", "--product", "dcdn", "-")]
)
def test_urls_are_submitted_and_waited_for_in_one_line(
    arguments: tuple[str, ...], account: Emulator, env: dict[str, str]
) -> None:
    ended = command(*arguments, env=env, stdin=f"{URL}\n\n{URL}?again\n")
    assert ended.exit == 0
    assert ended.err.startswith("submitted: ")
    assert ended.out.count("complete") == 2 * ended.out.count("\n")
    product = "dcdn" if "dcdn" in arguments else "cdn"
    paths = {row.object_path for task in account.tasks.all(product) for row in task.rows}
    assert {URL, f"{URL}?again"} <= paths


def test_what_the_vendor_refuses_is_named_and_fails(account: Emulator, env: dict[str, str]) -> None:
    account.faults.add("RefreshObjectCaches", Refuse(code="InvalidDomain.NotFound", status=400))
    ended = command("submit", "refresh", "--wait", URL, "--json", env=env)
    assert ended.exit == 1
    assert f"not submitted: domain-not-found (InvalidDomain.NotFound): {URL}" in ended.err
    assert json.loads(ended.out)["rejected"][0]["objectPaths"] == [URL]


def test_a_service_without_the_right_to_submit_cannot_be_asked(account: Emulator, env: dict[str, str]) -> None:
    account.faults.add("RefreshObjectCaches", Refuse(code="Forbidden.RAM", status=403))
    ended = command("submit", "refresh", URL, env=env)
    assert ended.exit == 4
    assert "denied" in ended.err


def test_what_is_full_for_the_moment_is_handed_in_again(account: Emulator, env: dict[str, str]) -> None:
    account.faults.add("PushObjectCache", Refuse(code="PreloadQueueFull", status=400), times=1)
    clock = ManualClock()
    ended = inside("submit", "preload", URL, env=env, clock=clock)
    assert ended.exit == 0
    assert max(clock.slept) == 60
    assert "queue-full" in ended.err


def test_nobody_knows_is_said_as_that_with_what_to_do(account: Emulator, env: dict[str, str]) -> None:
    account.faults.add("RefreshObjectCaches", Refuse(code="InternalError", status=500))
    ended = command("submit", "refresh", "--wait", URL, env=env)
    assert ended.exit == 4
    assert "nobody knows whether they were submitted" in ended.err
    assert f"list --product cdn --action refresh --since 1h --url '{URL}'" in ended.err
    assert account.calls.count("RefreshObjectCaches") == 1


def test_a_list_is_a_table_for_people_and_a_document_for_programs(account: Emulator, env: dict[str, str]) -> None:
    tasks = [account.tasks.add("cdn", [f"http://l.example.com/{n}"], age=60.0 * (n + 1)) for n in range(3)]
    filters = ("list", "--domain", "l.example.com", "--product", "cdn", "--limit", "2", "--since", "1d")
    table = command(*filters, env=env)
    assert table.exit == 0
    head, *lines = table.out.splitlines()
    assert head.split() == ["ID", "CREATED", "(UTC)", "ACTION", "TYPE", "STATUS", "PROGRESS", "URL"]
    assert [line.split()[0] for line in lines] == [f"cdn:{task}" for task in tasks[:2]]
    document = json.loads(command(*filters, "--json", env=env).out)
    assert [task["id"] for task in document["tasks"]] == [f"cdn:{task}" for task in tasks[:2]]


def test_a_list_goes_on_over_as_many_pages_as_its_limit_takes(account: Emulator, env: dict[str, str]) -> None:
    for number in range(120):
        account.tasks.add("cdn", [f"http://l.example.com/{number}"], age=60.0 + number)
    ended = inside("list", "--domain", "l.example.com", "--product", "cdn", "--limit", "110", "--json", env=env)
    assert len({task["id"] for task in json.loads(ended.out)["tasks"]}) == 110


def test_a_list_by_url_says_how_each_task_concerns_it(account: Emulator, env: dict[str, str]) -> None:
    exact = account.tasks.add("cdn", ["http://match.example.com/img/a.jpg"], age=60)
    above = account.tasks.add("cdn", ["http://match.example.com/img/"], object_type="directory", age=120)
    table = command("list", "--url", "http://match.example.com/img/a.jpg", "--product", "cdn", env=env)
    head, *lines = (line.split() for line in table.out.splitlines())
    assert head[-2:] == ["MATCH", "URL"]
    assert [(line[0], line[-2]) for line in lines] == [(f"cdn:{exact}", "exact"), (f"cdn:{above}", "directory")]


def test_a_url_without_tasks_is_told_of_its_other_scheme(account: Emulator, env: dict[str, str]) -> None:
    account.tasks.add("cdn", ["https://scheme.example.com/a.jpg"], age=60)
    asked = ("list", "--url", "http://scheme.example.com/a.jpg", "--product", "cdn")
    ended = command(*asked, env=env)
    assert "http://scheme.example.com/a.jpg has no tasks, but https://scheme.example.com/a.jpg has\n" in ended.err
    assert json.loads(command(*asked, "--json", env=env).out)["otherScheme"] == "https://scheme.example.com/a.jpg"


def test_an_undecided_id_that_may_appear_says_so(account: Emulator, env: dict[str, str]) -> None:
    account.faults.add("dcdn", Refuse(code="Forbidden.RAM", status=403))
    ended = command("status", "555001", env=env)
    assert ended.exit == 124
    assert ended.out == "555001  undecided, may appear  (dcdn: denied)\n"
    log = inside("wait", "555001", env=env, clock=ManualClock(leap=3_600)).err
    assert "555001  undecided, may appear  (dcdn: denied)\n" in log
    assert log.count("undecided") == 1


def test_a_list_without_a_products_part_does_not_look_whole(account: Emulator, env: dict[str, str]) -> None:
    account.faults.add("dcdn", Refuse(code="Forbidden.RAM", status=403))
    ended = command("list", env=env)
    assert ended.exit == 4
    assert "cdn-task-status: dcdn could not be asked: denied\n" in ended.err
    assert "cdn:" in ended.out


def test_quotas_are_told(env: dict[str, str]) -> None:
    ended = command("quota", env=env)
    assert ended.exit == 0
    assert ended.out.splitlines()[0].split() == ["PRODUCT", "KIND", "LEFT", "TODAY", "OF"]
    assert {"product", "kind", "quota", "remaining"} == set(
        json.loads(command("quota", "--json", env=env).out)["quotas"][0]
    )


def test_another_account_is_named_in_ids_products_and_quotas(account: Emulator, tmp_path: Path) -> None:
    with web_over(account, submit="on", accounts=two_accounts(account, tmp_path)) as web:
        env = environment(f"http://127.0.0.1:{web.port}")
        made = command("submit", "refresh", "--wait", "--product", "acme/cdn", URL, env=env)
        assert (made.exit, made.out.startswith("acme/cdn:")) == (0, True)
        task = made.out.split()[0]
        assert command("status", task, env=env).exit == 0
        assert task in command("list", "--account", "acme", env=env).out
        assert task not in command("list", env=env).out
        assert command("quota", "--account", "globex", env=env).out.splitlines()[1].split()[0] == "globex/cdn"


def test_quiet_says_nothing_but_errors(account: Emulator, env: dict[str, str]) -> None:
    task = account.tasks.add("cdn", FAILED_ROWS)
    assert command("wait", f"cdn:{task}", "-q", env=env) == (1, "", "")
    assert command("wait", "x", "--quiet", env=env).err != ""


def test_ids_are_understood_as_people_paste_them(account: Emulator, env: dict[str, str], tmp_path: Path) -> None:
    """Case U4."""
    one, two = (account.tasks.add("cdn", [f"http://example.com/{n}"]) for n in range(2))
    for pasted in (
        f"{one},{two}",
        f"{one}\uff0c{two}",
        f"CDN:{one}、{two}",
        f'["{one},{two}"]',
        f"{one};{two},,",
        f"{one}\n{two}\n",
    ):
        ended = inside("status", pasted, "--product", "CDN", "--json", env=env)
        assert ended.exit == 0, pasted
        assert {task["taskId"] for task in json.loads(ended.out)["tasks"]} == {one, two}
    assert inside("status", "-", env=env, stdin=f"{one}\n{two}\n").exit == 0
