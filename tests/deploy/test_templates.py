from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from functions.products.cdn import CDN
from packager.build import ROOT, Artifact
from packager.env_file import read_env_file
from packager.rendering import read_by, render
from packager.rules import RESET_WHEN_OMITTED, settings_of
from packager.template import TEMPLATES, main, template_faults

EXAMPLE = ROOT / "deploy" / ".env.example"
SECRET = "0123456789abcdef" * 2
ENVIRONMENT = {**read_env_file(EXAMPLE).values, "TASK_STATUS_JWT_SECRET": SECRET}
SCHEMA = ROOT / "tests" / "deploy" / "node" / "fc3" / "schema.json"
RENDERED = {path.name: render(path, ENVIRONMENT) for path in TEMPLATES}
FUNCTIONS = [
    pytest.param(file, name, id=f"{file}:{name}") for file, tree in RENDERED.items() for name in tree["resources"]
]


def props_of(file: str, name: str) -> dict[str, Any]:
    props: dict[str, Any] = RENDERED[file]["resources"][name]["props"]
    return props


@pytest.mark.parametrize("file", RENDERED)
def test_a_template_has_no_faults(file: str) -> None:
    assert template_faults(RENDERED[file]) == []


@pytest.mark.parametrize(("file", "name"), FUNCTIONS)
def test_a_function_keeps_to_the_components_schema(file: str, name: str) -> None:
    props = props_of(file, name)
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.validate(props, schema, jsonschema.Draft7Validator)
    for trigger in props["triggers"]:  # the schema lets anything pass in there: each is held to its own definition
        own = {"http": "IHttpTriggerConfig", "oss": "IOssTriggerConfig", "timer": "ITimerTriggerConfig"}
        definition = schema["definitions"][own[trigger["triggerType"]]]
        jsonschema.validate(trigger["triggerConfig"], definition, jsonschema.Draft7Validator)


@pytest.mark.parametrize(("file", "name"), FUNCTIONS)
def test_a_function_points_to_files_that_are_packaged(file: str, name: str, artifact: Artifact) -> None:
    props = props_of(file, name)
    assert props["code"] == "./dist/code"
    module, _, function = props["handler"].partition(".")
    assert f'"{function}"' in (artifact.code / f"{module}.py").read_text("utf-8")
    named = [
        *props.get("customRuntimeConfig", {}).get("command", ()),
        props["environmentVariables"].get("TASK_STATUS_RULES"),
    ]
    for path in filter(None, named):
        assert (artifact.code / Path(path).relative_to("/code")).is_file()


@pytest.mark.parametrize(("file", "name"), FUNCTIONS)
def test_what_the_component_would_reset_is_written_out(file: str, name: str) -> None:
    props = props_of(file, name)
    assert props.keys() >= RESET_WHEN_OMITTED
    assert props["logConfig"]["project"] == ENVIRONMENT["DEPLOY_LOG_PROJECT"]


@pytest.mark.parametrize("file", RENDERED)
def test_an_instance_takes_its_part_of_its_functions_share(file: str) -> None:
    functions = [resource["props"] for resource in RENDERED[file]["resources"].values()]
    assert sum(settings_of(props).quota_share for props in functions) <= 0.9 + 1e-9
    for props in functions:
        settings = settings_of(props)
        assert settings.instances == props["concurrencyConfig"]["reservedConcurrency"]
        assert settings.rate_of(CDN.lookup.operation) * settings.instances == pytest.approx(30 * settings.quota_share)
        assert settings.timeout_seconds == props["timeout"]


@pytest.mark.parametrize("file", RENDERED)
def test_each_function_opens_its_own_door(file: str) -> None:
    doors = {name: settings_of(props_of(file, name)).doors for name in RENDERED[file]["resources"]}
    assert doors == {"task-status": ("http",), "task-events": ("events",)}


@pytest.mark.parametrize("file", RENDERED)
def test_the_web_function_is_closed_until_somebody_opens_it(file: str) -> None:
    tree = render(ROOT / file, {**ENVIRONMENT, "TASK_STATUS_JWT_SECRET": ""})
    auth = settings_of(tree["resources"]["task-status"]["props"]).auth
    assert (auth.mode, auth.jwt_secret, auth.jwks) == ("jwt", None, None)


def test_the_web_function_is_sized_checked_and_reached_as_designed() -> None:
    props = props_of("s.yaml", "task-status")
    assert (props["runtime"], props["instanceConcurrency"], props["cpu"], props["memorySize"]) == (
        "custom.debian11",
        200,
        1,
        1024,
    )
    assert props["customRuntimeConfig"]["healthCheckConfig"]["httpGetUrl"] == "/healthz"
    assert props["instanceLifecycleConfig"]["preStop"]["timeout"] == 30
    (trigger,) = props["triggers"]
    assert trigger["triggerConfig"]["methods"] == ["GET", "HEAD", "POST", "OPTIONS"]


@pytest.mark.parametrize("file", RENDERED)
def test_the_optional_triggers_of_cdn_hold_once_they_are_no_comments_any_more(file: str, tmp_path: Path) -> None:
    text = (ROOT / file).read_text("utf-8")
    before, optional = text.split("made by the FC console.\n")
    template = tmp_path / file
    template.write_text(before.rpartition("        # Optional")[0] + optional.replace("        # ", "        "))
    tree = render(template, ENVIRONMENT)
    assert template_faults(tree) == []
    triggers = tree["resources"]["task-events"]["props"]["triggers"]
    events = {each["triggerConfig"]["eventName"] for each in triggers if each["triggerType"] == "cdn_events"}
    assert events == {"CachedObjectsRefreshed", "CachedObjectsPushed"}
    definition = json.loads(SCHEMA.read_text("utf-8"))["definitions"]["ICdnTriggerConfig"]
    for each in triggers[-2:]:
        jsonschema.validate(each["triggerConfig"], definition, jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sourceArn": "acs:cdn:*:me"}, "sourceArn must be"),
        ({"invocationRole": "auto"}, "invocationRole must be"),
        ({"triggerConfig": {}}, "eventName is CachedObjectsPushed or CachedObjectsRefreshed"),
        ({"triggerConfig": {"filter": {"domain": []}}}, "filter.domain is a list"),
        ({"triggerConfig": {"events": []}}, "triggerConfig.events is no property"),
    ],
)
def test_a_trigger_of_cdn_that_cannot_work_is_found_out(change: dict[str, Any], fault: str) -> None:
    tree = copy.deepcopy(RENDERED["s.yaml"])
    good = {"triggerName": "cdn", "triggerType": "cdn_events", "triggerConfig": {"eventVersion": "1.0.0"}}
    tree["resources"]["task-events"]["props"]["triggers"].append(good | change)
    assert fault in "\n".join(template_faults(tree))


@pytest.mark.parametrize("file", RENDERED)
def test_events_are_whole_objects_and_a_sweep_every_minute(file: str) -> None:
    triggers = {trigger["triggerType"]: trigger for trigger in props_of(file, "task-events")["triggers"]}
    created = {
        f"oss:ObjectCreated:{word}" for word in ("PutObject", "PostObject", "CopyObject", "CompleteMultipartUpload")
    }
    removed = {"oss:ObjectRemoved:DeleteObject", "oss:ObjectRemoved:DeleteObjects"}
    assert set(triggers["oss"]["triggerConfig"]["events"]) == created | removed
    assert triggers["timer"]["triggerConfig"]["cronExpression"] == "@every 1m"


def test_the_packaged_rules_can_be_read(artifact: Artifact) -> None:
    rules = tomllib.loads((artifact.code / "rules.toml").read_text("utf-8"))
    assert {rule["bucket"] for rule in rules["rule"]} == {ENVIRONMENT["DEPLOY_BUCKET"]}


Change = Callable[[dict[str, Any]], Any]
WEB, EVENTS = "task-status", "task-events"
BROKEN: Mapping[str, tuple[str, Change, str]] = {
    "unknown key": (WEB, lambda p: p.update(memory=1024), "memory is no property"),
    "key that would be reset": (WEB, lambda p: p.pop("logConfig"), "logConfig is missing"),
    "number in the environment": (WEB, lambda p: p["environmentVariables"].update(A=1), "must be a string"),
    "reserved name": (WEB, lambda p: p["environmentVariables"].update(FC_X="1"), "no name that Function Compute takes"),
    "large environment": (WEB, lambda p: p["environmentVariables"].update(A="x" * 4096), "more than 4096"),
    "unknown setting": (
        WEB,
        lambda p: p["environmentVariables"].update(TASK_STATUS_X="1"),
        "TASK_STATUS_X is no setting",
    ),
    "bad setting": (WEB, lambda p: p["environmentVariables"].update(TASK_STATUS_QUOTA_SHARE="2"), "QUOTA_SHARE"),
    "other timeout": (WEB, lambda p: p.update(timeout=30), "TIMEOUT_SECONDS must be the function's timeout, 30"),
    "other cap": (WEB, lambda p: p["concurrencyConfig"].update(reservedConcurrency=9), "INSTANCES must be the cap"),
    "too large a share": (
        WEB,
        lambda p: p["environmentVariables"].update(TASK_STATUS_QUOTA_SHARE="0.8"),
        "add up to 1.1",
    ),
    "role auto": (WEB, lambda p: p.update(role="auto"), "role must be a full ARN"),
    "role in capitals": (WEB, lambda p: p.update(role="acs:ram::1234567890123456:role/Web"), "in lower case"),
    "other port": (WEB, lambda p: p["customRuntimeConfig"].update(port=8080), "port must be 9000"),
    "memory without cpu": (WEB, lambda p: p.update(memorySize=8192), "1 to 4 GB"),
    "two hooks": (WEB, lambda p: p["instanceLifecycleConfig"]["preStop"].update(command=["x"]), "not both"),
    "long hook": (WEB, lambda p: p["instanceLifecycleConfig"]["preStop"].update(timeout=91), "at most 90"),
    "two kinds of scaling": (WEB, lambda p: p.update(scalingConfig={}, provisionConfig={}), "exclude each other"),
    "built-in where not offered": (
        WEB,
        lambda p: p.update(runtime="python3.12", region="ap-southeast-1"),
        "not offered",
    ),
    "built-in with concurrency": (WEB, lambda p: p.update(runtime="python3.12"), "has no effect on built-in"),
    "unknown method": (
        WEB,
        lambda p: _trigger(p, "http")["triggerConfig"]["methods"].append("TRACE"),
        "no HTTP method",
    ),
    "no preflight": (WEB, lambda p: _trigger(p, "http")["triggerConfig"]["methods"].remove("OPTIONS"), "preflights"),
    "unknown auth": (WEB, lambda p: _trigger(p, "http")["triggerConfig"].update(authType="bearer"), "authType"),
    "key inside a trigger": (WEB, lambda p: _trigger(p, "http")["triggerConfig"].update(cors=1), "triggerConfig.cors"),
    "two HTTP triggers": (
        WEB,
        lambda p: p["triggers"].append({**p["triggers"][0], "triggerName": "b"}),
        "one HTTP trigger",
    ),
    "trigger names": (EVENTS, lambda p: p["triggers"].append(p["triggers"][1]), "names repeat"),
    "every part of an upload": (
        EVENTS,
        lambda p: _trigger(p, "oss")["triggerConfig"].update(events=["oss:ObjectCreated:*"]),
        "not an event of a whole object",
    ),
    "no filter": (EVENTS, lambda p: _trigger(p, "oss")["triggerConfig"].pop("filter"), "a prefix and a suffix"),
    "bucket elsewhere": (
        EVENTS,
        lambda p: _trigger(p, "oss").update(sourceArn="acs:oss:us-east-1:1234567890123456:pics"),
        "function's region",
    ),
    "no invocation role": (EVENTS, lambda p: _trigger(p, "oss").pop("invocationRole"), "invocationRole must be"),
    "own writes": (
        EVENTS,
        lambda p: p["environmentVariables"].update(TASK_STATUS_STORE="oss://pics/state"),
        "its writes would be events",
    ),
    "overlapping rules": (
        EVENTS,
        lambda p: p["triggers"].append({**_trigger(p, "oss"), "triggerName": "again"}),
        "overlap",
    ),
    "no schedule": (
        EVENTS,
        lambda p: _trigger(p, "timer")["triggerConfig"].update(cronExpression="hourly"),
        "cronExpression",
    ),
    "old events": (
        EVENTS,
        lambda p: p["asyncInvokeConfig"].update(maxAsyncEventAgeInSeconds=700_000),
        "at most 604800",
    ),
}


def _trigger(props: Mapping[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(trigger for trigger in props["triggers"] if trigger["triggerType"] == kind)
    return found


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_template_is_found_out(case: str) -> None:
    name, breaks, fault = BROKEN[case]
    broken = copy.deepcopy(RENDERED["s.yaml"])
    breaks(broken["resources"][name]["props"])
    assert fault in "\n".join(template_faults(broken))


def test_the_example_names_every_variable_that_a_template_reads() -> None:
    named = re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(frozenset().union(*map(read_by, TEMPLATES)))


Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs the check over a .env file: the example's values, and what is given."""
    for name in frozenset().union(*map(read_by, TEMPLATES)):
        monkeypatch.delenv(name, raising=False)

    def run(**changes: str) -> tuple[int, str]:
        path = tmp_path / ".env"
        path.write_text("".join(f"{name}={value}\n" for name, value in {**ENVIRONMENT, **changes}.items()), "utf-8")
        code = main(["--env-file", str(path)])
        return code, capsys.readouterr().out

    return run


def test_a_file_that_is_filled_in_holds(check: Check) -> None:
    assert check() == (0, "the files hold, as this environment fills them in\n")


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("DEPLOY_STORE", "my-state", "s.yaml: task-events: TASK_STATUS_STORE: 'my-state' cannot be used"),
        ("DEPLOY_ACCOUNT_ID", "123456789012345", "s.yaml: account: '123456789012345' is not an account id: 16 digits"),
        ("DEPLOY_ACCOUNT_ID", "", 's.yaml: ${env("DEPLOY_ACCOUNT_ID")} has no value: set it in .env'),
        ("DEPLOY_LOG_PROJECT", "", 's.yaml: ${env("DEPLOY_LOG_PROJECT")} has no value: set it in .env'),
        ("DEPLOY_LOG_PROJECT", "My_Logs", "s.yaml: logProject: 'My_Logs' is not a log project's name"),
        ("DEPLOY_LOG_STORE", "x", "s.yaml: logStore: 'x' is not a logstore's name"),
        ("DEPLOY_REGION", "hangzhou", "s.yaml: region: 'hangzhou' is not a region"),
        ("DEPLOY_BUCKET", "oss://pics", "s.yaml: bucket: 'oss://pics' is not a bucket's name"),
        ("TASK_STATUS_JWT_SECRET", "", "s.yaml: task-status: nobody could ask: set TASK_STATUS_JWT_SECRET"),
        ("TASK_STATUS_JWT_SECRET", f"{SECRET}$x", ".env: TASK_STATUS_JWT_SECRET has a $"),
        ("TASK_STATUS_JWT_SECRET", f"{SECRET}#x", ".env: TASK_STATUS_JWT_SECRET is cut at its #"),
        ("TASK_STATUS_FRESH_SECONDS", "2", ".env: TASK_STATUS_FRESH_SECONDS is read by no template"),
    ],
)
def test_a_deployer_is_told_what_cannot_work(check: Check, name: str, value: str, fault: str) -> None:
    """Case N4: no secret, no log project, an account id of 15 digits; and their brothers."""
    code, told = check(**{name: value})
    assert code == 1
    assert fault in told
    assert SECRET not in told


def test_values_are_read_as_the_command_line_reads_them(check: Check) -> None:
    """Case R2: what it strips is no fault."""
    assert check(DEPLOY_BUCKET="'pics'", DEPLOY_STORE='"oss://my-state/x" # kept here')[0] == 0


def test_an_access_that_is_an_expression_is_refused() -> None:
    """Case R1: the command line compares it literally."""
    broken = {**RENDERED["s.yaml"], "access": '${env("DEPLOY_ACCESS")}'}
    assert template_faults(broken) == ["access must be the name itself: the command line fills in nothing there"]


def test_the_check_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Case R7."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "s deploy" in capsys.readouterr().out
