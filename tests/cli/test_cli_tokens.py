"""Tokens: where they come from, and that nobody sees them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from emulator.testing import Emulator
from tests.cli.conftest import SECRET
from tests.support.command import command, environment, inside
from tests.support.gateway import Deed, Gateway, gateway_to
from tests.support.web_function import Web, web_over

NEVER = 4_102_444_800
SHOWN = "shown-to-nobody-0123456789"


def token(expires: int = NEVER, **claims: object) -> str:
    return jwt.encode({"exp": expires, **claims}, SECRET, "HS256")


@pytest.fixture
def guarded(account: Emulator) -> Iterator[Web]:
    with web_over(account, submit="on", auth="jwt", jwt_secret=SECRET) as web:
        yield web


@pytest.fixture
def address(guarded: Web) -> str:
    return f"http://127.0.0.1:{guarded.port}"


@pytest.fixture
def task(account: Emulator) -> str:
    return "cdn:" + account.tasks.add("cdn", ["http://example.com/a.jpg"])


def test_the_environments_token_lets_in(address: str, task: str) -> None:
    assert inside("wait", task, env=environment(address, token=token() + "\n")).exit == 0


def test_without_one_it_is_said_what_to_set(address: str, task: str) -> None:
    ended = inside("wait", task, env=environment(address))
    assert ended.exit == 4
    assert "set TASK_STATUS_TOKEN" in ended.err


def test_a_token_that_allows_too_little_cannot_submit(address: str) -> None:
    ended = inside("submit", "refresh", "https://a.example.com/", env=environment(address, token=token(actions=[])))
    assert ended.exit == 4
    assert "The token does not allow this" in ended.err


def test_a_command_is_asked_again_when_its_token_has_expired(address: str, task: str, tmp_path: Path) -> None:
    for name, expires in (("1", 1), ("2", NEVER)):
        (tmp_path / name).write_text(token(expires))
    program = tmp_path / "next_token.py"
    program.write_text(
        "import pathlib\n"
        "here = pathlib.Path(__file__).parent\n"
        "first = sorted(here.glob('[12]'))[0]\n"
        "print(first.read_text())\n"
        "first.unlink()\n"
    )
    ended = command("wait", task, "--token-command", f'"{sys.executable}" "{program}"', env=environment(address))
    assert (ended.exit, list(tmp_path.glob("[12]"))) == (0, [])


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; print('SHOWN'); sys.exit(3)", "ended with exit code 3"),
        ("print('SHOWN and more')", "is no token"),
        ("print('')", "is no token"),
    ],
)
def test_a_command_that_gives_none_is_named_without_its_words(program: str, told: str) -> None:
    words = f'"{sys.executable}" -c "{program.replace("SHOWN", SHOWN)}"'
    ended = inside("quota", "--token-command", words, env=environment("http://127.0.0.1:9"))
    assert ended.exit == 4
    assert told in ended.err
    assert SHOWN not in ended.err


def test_a_command_that_is_not_there_is_said() -> None:
    ended = inside("quota", "--token-command", "/no/such/program", env=environment("http://127.0.0.1:9"))
    assert (ended.exit, "cannot be run" in ended.err) == (4, True)


@pytest.mark.parametrize("words", [("--token", SHOWN), (f"--token={SHOWN}",)])
def test_a_token_on_the_command_line_is_refused_and_not_repeated(words: tuple[str, ...]) -> None:
    ended = command("wait", "1", *words, env=environment("http://127.0.0.1:9"))
    assert ended.exit == 2
    assert "TASK_STATUS_TOKEN" in ended.err
    assert SHOWN not in ended.out + ended.err


@pytest.mark.parametrize("broken", [f"{SHOWN} {SHOWN}", f"{SHOWN}\r\nX-More: 1", f"{SHOWN}é"])
def test_a_token_that_cannot_travel_is_not_repeated(broken: str, address: str) -> None:
    ended = inside("wait", "1", env=environment(address, token=broken))
    assert (ended.exit, SHOWN in ended.err) == (4, False)


@pytest.mark.parametrize(
    "deed",
    [
        Deed("answer", 400, (("Content-Type", "application/problem+json"),), f'{{"reason": "{SHOWN}"}}'.encode()),
        Deed("answer", 302, (("Location", f"https://example.com/?token={SHOWN}"),)),
        Deed("answer", 404, (), f"Authorization: Bearer {SHOWN}".encode()),
    ],
)
def test_what_a_refusal_repeats_of_it_is_hidden(deed: Deed, address: str) -> None:
    with gateway_to(address) as gateway:
        gateway.deeds.append(deed)
        ended = inside("wait", "1", env=environment(gateway.url, token=SHOWN))
    assert gateway.requests[0].headers["Authorization"] == f"Bearer {SHOWN}"
    assert ended.exit in {2, 4}
    assert SHOWN not in ended.out + ended.err


def test_a_redirect_does_not_take_the_token_elsewhere(address: str, task: str) -> None:
    with gateway_to(address) as elsewhere, gateway_to(address) as gateway:
        gateway.deeds.append(Deed("answer", 307, (("Location", f"{elsewhere.url}/v1/tasks/query"),)))
        ended = inside("wait", task, env=environment(gateway.url, token=SHOWN))
    assert (ended.exit, elsewhere.requests) == (4, [])
    assert f"to {elsewhere.url}" in ended.err


def test_a_proxy_of_the_environment_is_used(gateway: Gateway, account: Emulator) -> None:
    task = account.tasks.add("cdn", ["http://example.com/a.jpg"])
    env = {**environment("http://status.invalid/base"), "http_proxy": gateway.url.replace("//", "//me:word@")}
    gateway.behind = ""
    gateway.deeds.append(Deed("answer", 404))
    ended = command("wait", f"cdn:{task}", env=env)
    (request,) = gateway.requests
    assert request.path == "http://status.invalid/base/v1/tasks/query"
    assert request.headers["Proxy-Authorization"] == "Basic bWU6d29yZA=="
    assert (ended.exit, "word" in ended.err) == (4, False)
