from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from packager.build import ROOT, Artifact
from packager.rendering import read_env_file, render
from packager.rules import RESET_WHEN_OMITTED, settings_of
from packager.template import TEMPLATES, main, template_faults

ENVIRONMENT = read_env_file(ROOT / "deploy" / ".env.example")
SCHEMA = ROOT.parent / "shared" / "vendor" / "fc3" / "schema.json"
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
    here: dict[str, Any] = {"required": ["region", "functionName", "runtime", "code"]}
    schema = json.loads(SCHEMA.read_text("utf-8")) if SCHEMA.is_file() else here
    jsonschema.validate(props, schema, jsonschema.Draft7Validator)
    for trigger in props["triggers"]:  # the schema lets anything pass in there: each is held to its own definition
        own = {"http": "IHttpTriggerConfig", "oss": "IOssTriggerConfig", "timer": "ITimerTriggerConfig"}
        definition = schema.get("definitions", {}).get(own[trigger["triggerType"]], {"type": "object"})
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
        assert settings.qps("CDN_BY_ID") * settings.instances == pytest.approx(30 * settings.quota_share)
        assert settings.timeout_seconds == props["timeout"]


@pytest.mark.parametrize("file", RENDERED)
def test_each_function_opens_its_own_door(file: str) -> None:
    doors = {name: settings_of(props_of(file, name)).doors for name in RENDERED[file]["resources"]}
    assert doors == {"task-status": ("http",), "task-events": ("events",)}


@pytest.mark.parametrize("file", RENDERED)
def test_the_web_function_is_closed_until_somebody_opens_it(file: str) -> None:
    auth = settings_of(props_of(file, "task-status")).auth
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


def test_a_deployer_is_told_what_is_not_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, ENVIRONMENT[name])
    assert main([]) == 0
    monkeypatch.setenv("DEPLOY_STORE", "my-state")
    assert main([]) == 1
    assert "s.yaml: task-events: TASK_STATUS_STORE: 'my-state' cannot be used" in capsys.readouterr().out
