"""Case N2: every command and snippet that the README prints for asking and submitting runs as printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from emulator.edge.edges import EdgeSite
from emulator.oss.buckets import BucketSettings
from emulator.testing import Emulator
from functions.products.esa.spec import ESA
from tests.readme.test_readme import ENGLISH, ROOT
from tests.support.web_function import Web, web_over

DEMO = "http://127.0.0.1:9000"
SECRET = "top-secret-of-the-tests-and-of-nobody-else"


def snippets(language: str, *, before: str = "## Deploying") -> list[str]:
    """The blocks of a language that print a request, up to a heading; make and pip have tests of their own."""
    text = ENGLISH.split(before, maxsplit=1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


ASKING = [block for block in snippets("sh") if "curl" in block and not block.startswith("#!")]


@pytest.fixture
def web(emu: Emulator) -> Iterator[Web]:
    emu.oss.buckets.create(BucketSettings(name="demo", public_write=True))
    emu.edges.add(EdgeSite(host="example.com", bucket="demo"))
    httpx.put(f"{emu.url}/demo/img/hello.txt", content="hello").raise_for_status()
    sites = f"example.com={emu.url}=demo.localhost"
    with web_over(emu, submit="on", checks=sites, edge_endpoint=emu.url, products="cdn,dcdn,vod,esa") as web:
        yield web


@pytest.mark.parametrize("block", ASKING)
def test_requests_are_answered_as_printed(block: str, web: Web) -> None:
    printed = block.replace(DEMO, f"http://127.0.0.1:{web.port}").replace(
        "curl ", "curl -sS --fail-with-body -w '\\n' "
    )
    done = subprocess.run(["sh", "-euc", printed], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line]
    assert len(answers) == block.count("curl ")
    assert all(answer.keys() & {"tasks", "quotas", "finding"} for answer in answers)


def test_the_requirements_printed_for_esa_are_those_of_its_sdk() -> None:
    (block,) = [block for block in snippets("sh") if "pip install -r" in block]
    install, demo = block.splitlines()
    arguments = install.removeprefix(".venv/bin/pip").split()
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments, "--dry-run", "--no-index"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ESA.sdk_package.replace("_", "-") in done.stdout
    assert demo == "make demo"


def test_the_answer_printed_is_the_shape_of_the_answer(web: Web) -> None:
    (printed,) = snippets("jsonc")
    answer = web.get("/v1/tasks?taskId=24840,dcdn:113681,vod:704225667,999").json()
    members = set(re.findall(r'"(\w+)":', printed))

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(names, value.values()))
        return set().union(*map(names, value)) if isinstance(value, list) else set()

    assert members <= names(answer)


def test_the_token_printed_for_a_backend_opens_the_service_for_its_domains_only(emu: Emulator) -> None:
    mine = emu.tasks.add("cdn", ["https://img.example.com/a"])
    other = emu.tasks.add("cdn", ["https://www.example.org/a"])
    (snippet,) = snippets("py")
    namespace: dict[str, object] = {}
    exec(snippet, namespace)  # noqa: S102 -- the README's own lines
    token_for = namespace["token_for"]
    assert callable(token_for)
    with web_over(emu, auth="jwt", jwt_secret=SECRET) as web:
        headers = {"Authorization": f"Bearer {token_for('me', SECRET)}"}
        path = f"/v1/tasks?taskId=cdn:{mine},cdn:{other}"
        report = httpx.get(f"http://127.0.0.1:{web.port}{path}", headers=headers).json()
        assert web.get(path).status_code == 401
    assert [task["taskId"] for task in report["tasks"]] == [mine]
