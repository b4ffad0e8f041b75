"""The command line people deploy with, `@serverless-devs/s`, run on the shipped templates against a stand-in."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from packager.archive import settle
from packager.build import ROOT, Artifact
from packager.env_file import read_env_file
from packager.rendering import render
from packager.template import TEMPLATES
from tests.deploy.fc_service import API, FcService, fc_service

NODE = ROOT / "tests" / "deploy" / "node"
SECRET = "0123456789abcdef" * 2
FILLED_IN = (ROOT / "deploy" / ".env.example").read_text("utf-8").replace("_SECRET=", f"_SECRET={SECRET}", 1)
RESOURCES_OF_THEIR_OWN = {"region", "code", "triggers", "asyncInvokeConfig", "concurrencyConfig"}
SECONDS = 100.0

Run = Callable[..., str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command line's own folder, with an account and with its components in the cache, as after a first run."""
    home = tmp_path_factory.mktemp("home")
    components = home / ".s" / "components" / "devsapp.cn" / "v3"
    components.mkdir(parents=True)
    for name in ("fc3", "fc3-domain", "recorder"):
        source = os.environ.get("FC3_COMPONENT") if name == "fc3" else None
        _cached(Path(source) if source else NODE / name, components / name)
    key = ("--AccountID", "1234567890123456", "--AccessKeyID", "LTAI5t1", "--AccessKeySecret", "not-a-secret")
    _run(home, home, "config", "add", "-a", "default", *key)
    return home


def _cached(source: Path, place: Path) -> None:
    shutil.copytree(source, place)
    (place / ".s.lock").write_text("{}", "utf-8")
    (place / "node_modules").symlink_to(NODE / "node_modules")


def _run(home: Path, folder: Path, *arguments: str, **environ: str) -> str:
    """What `s` prints when run in a folder. It must not fail.

    Node comes with the virtual environment. NODE_ENV=test: else processes stay behind that report and look for updates.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    own = {"PATH": path, "HOME": str(home), "serverless_devs_config_home": str(home), "NODE_ENV": "test"}
    done = subprocess.run(
        [NODE / "node_modules" / ".bin" / "s", *arguments],
        cwd=folder,
        env={**own, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder that one deploys from, before anything is filled in."""
    for template in TEMPLATES:
        shutil.copy(template, tmp_path)
    return tmp_path


@pytest.fixture
def s(home: Path, project: Path) -> Run:
    """Runs `s` in the project."""
    return partial(_run, home, project)


@pytest.fixture
def packaged(project: Path, artifact: Artifact) -> None:
    """`make package`, with our own code only: the rest is a thousand files more to zip."""
    code = project / "dist" / "code"
    code.mkdir(parents=True)
    shutil.copytree(artifact.code / "functions", code / "functions")
    for name in ("bootstrap", "index.py", "rules.toml", "python-version"):
        shutil.copy(artifact.code / name, code)
    settle(code, frozenset({"bootstrap"}))


@pytest.fixture(params=[template.name for template in TEMPLATES])
def deployed(request: pytest.FixtureRequest, s: Run, project: Path, packaged: None) -> tuple[FcService, dict[str, Any]]:
    """What arrived after the README's steps, and the template's functions as we fill them in."""
    (project / ".env").write_text(FILLED_IN, "utf-8")
    template = request.param
    named = () if template == "s.yaml" else ("-t", template)
    with fc_service() as service:
        s("deploy", *named, FC_CLIENT_CUSTOM_ENDPOINT=service.url, FC_CODE_TEMP_OSS_ENDPOINT=service.url)
    rendered = render(ROOT / template, read_env_file(project / ".env").values)
    return service, {each["props"]["functionName"]: each["props"] for each in rendered["resources"].values()}


def test_what_arrives_is_what_the_template_means(deployed: tuple[FcService, dict[str, Any]]) -> None:
    """Case R1: the shipped templates stopped at their first line."""
    service, functions = deployed
    for name, props in functions.items():
        _same_function(service.resources[f"{API}/functions/{name}"], props)
        _same_triggers(service, name, props["triggers"])
        assert service.resources[f"{API}/functions/{name}/concurrency"] == props["concurrencyConfig"]
        settings = service.resources.get(f"{API}/functions/{name}/async-invoke-config", {})
        assert {"qualifier": "LATEST", **settings} == {"qualifier": "LATEST", **props.get("asyncInvokeConfig", {})}
    _one_package(service)


def _same_function(arrived: Mapping[str, Any], props: Mapping[str, Any]) -> None:
    meant = {key: value for key, value in props.items() if key not in RESOURCES_OF_THEIR_OWN}
    assert {key: arrived.get(key) for key in meant} == meant
    assert all(isinstance(value, str) for value in arrived["environmentVariables"].values())
    assert set(arrived["code"]) == {"ossBucketName", "ossObjectName"}


def _same_triggers(service: FcService, name: str, meant: list[dict[str, Any]]) -> None:
    below = f"{API}/functions/{name}/triggers/"
    arrived = {path.removeprefix(below): body for path, body in service.resources.items() if path.startswith(below)}
    assert set(arrived) == {trigger["triggerName"] for trigger in meant}
    for trigger in meant:
        body = arrived[trigger["triggerName"]]
        assert {**body, "triggerConfig": json.loads(body["triggerConfig"])} == {"description": "", **trigger}


def _one_package(service: FcService) -> None:
    (package,) = service.packages.values()
    with zipfile.ZipFile(io.BytesIO(package)) as bundle:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in bundle.infolist()}
    assert (modes["bootstrap"], modes["index.py"]) == (0o755, 0o644)
    assert "functions/server.py" in modes


def test_the_templates_pass_the_command_lines_own_check(s: Run, project: Path, packaged: None) -> None:
    (project / ".env").write_text(FILLED_IN, "utf-8")
    for template in TEMPLATES:
        assert f"Format verification for [{template.name}] passed." in s("verify", "-t", template.name)


LINES = (
    "V=plain", "V = spaced  ", "V=", "V", "export V=exported", "V: colon", "V='single'", 'V="double"', "V=`tick`",
    "V='a \"b\" c'", 'V="a\\nb"', "V='a\\nb'", "V=a\\nb", "V=a#b", "V=a #b", "V='a#b'", 'V="a#b" # why', "V=#", "V= #",
    "V='open", 'V=open"', "V=it's", 'V={"a": 1}', "V=a=b", "V=\ta\t", "# V=no", "  V=indented", "V =='", "V=é中",
)  # fmt: skip
LETTERS = "ab#'\"` =:\\n-\t"


def random_lines(seed: int, count: int) -> list[str]:
    dice = random.Random(seed)
    return ["V" + dice.choice("= :") + "".join(dice.choices(LETTERS, k=dice.randint(0, 12))) for _ in range(count)]


def test_an_env_file_is_read_as_the_command_line_reads_it(s: Run, project: Path) -> None:
    """Case R2. Lines that swallow their neighbours are part of it: both read the same text."""
    lines = [line.replace("V", f"V{number}", 1) for number, line in enumerate((*LINES, *random_lines(7, 400)))]
    names = [f"V{number}" for number in range(len(lines))]
    (project / ".env").write_text("\n".join(lines), "utf-8")
    ours = read_env_file(project / ".env").values
    assert recorded(s, project, names) == {name: ours.get(name, "") for name in names}
    assert len({value for value in ours.values() if value}) > 100


def test_a_value_that_we_refuse_is_cut_there(s: Run, project: Path) -> None:
    """Also with the backslash that dotenv-expand documents."""
    written = ("ab$cd", "'ab$cd'", r"ab\$cd", "ab${cd}")
    (project / ".env").write_text("".join(f"V{n}={value}\n" for n, value in enumerate(written)), "utf-8")
    assert recorded(s, project, [f"V{n}" for n in range(len(written))]) == {f"V{n}": "ab" for n in range(len(written))}


def recorded(s: Run, project: Path, names: list[str]) -> dict[str, str]:
    """What a component is given for `${env("NAME", "")}`."""
    props = "".join(f'      {name}: ${{env("{name}", "")}}\n' for name in names)
    head = "edition: 3.0.0\nname: reading\naccess: default\nresources:\n  it:\n    component: recorder\n    props:\n"
    (project / "reading.yaml").write_text(head + props, "utf-8")
    record = project / "record.json"
    s("deploy", "-t", "reading.yaml", RECORD=str(record))
    values: dict[str, str] = json.loads(record.read_text("utf-8"))
    return values
