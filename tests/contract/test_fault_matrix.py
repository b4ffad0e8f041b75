"""Every operation meets every fault: the right answer, no id lost or doubled, no secret told, nothing left behind.

All cells run at the same time against a stand-in server of the tests' own, through the real SDKs and sockets.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from functions.errors import UpstreamFault
from functions.logs import JsonLines
from functions.model import SystemClock
from functions.products.adapter import Adapter, AdapterContext
from functions.products.esa.operations import LIST_SITES
from functions.products.esa.spec import ESA
from functions.products.family import FamilyAdapter
from functions.products.jobs import JobReader
from functions.products.listing.pages import EVERY_ROW, PageCall, VendorFilter
from functions.products.registry import SPECS
from functions.products.spec import ProductSpec
from functions.products.submit.kinds import SubmitKind
from functions.upstream.assumed_role import ASSUME_ROLE, REGION, AssumedRole
from functions.upstream.caller import ActionCaller
from functions.upstream.credentials import CredentialSource
from functions.upstream.endpoint import Endpoint
from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import RateLimiter
from functions.upstream.sdk_client import SdkClient
from tests.contract.fault_catalogue import FAULTS, SITES, Fault
from tests.support.eventually import GIVE_UP_SECONDS
from tests.support.stand_in import StandIn, standing_in, told_apart

SECRETS = ("STS.NTmatrixKeyId", "matrix/secret+key=", "CAISmatrixToken" + "x7/" * 30)
MAX_SECONDS = 110.0
"""By far more than any call may take; only one that never ends gets there."""
PARALLEL_FAULTS = 7
NO_RETRY = 1e9
"""Jitter that makes a retry come too late: what a retry changes is the claim of other tests."""
URLS = tuple(f"http://www.example.com/{number}" for number in range(5))
IDS = ("1", "2", "3")
FAMILY = [spec for spec in SPECS.values() if spec.adapter is FamilyAdapter]


class Target(msgspec.Struct, frozen=True):
    """A product that meets every fault, and which of its lists is read.

    `behind` is the header of the calls that are answered well, so that those after them meet the fault.
    """

    name: str
    spec: ProductSpec
    listed: VendorFilter = EVERY_ROW
    behind: str | None = None

    def port(self, stand_in: StandIn, fault: str) -> int:
        return stand_in.ports[fault if self.behind is None else f"{fault} behind {self.behind}"]


PRELOADS = VendorFilter(object_type="preload")
"""Of ESA's two list operations the one whose rows no lookup of the matrix shows."""
SITES_KNOWN = f"x-acs-action: {LIST_SITES.action}"
TARGETS = (
    *(Target(spec.name, spec) for spec in FAMILY),
    Target("esa", ESA, PRELOADS, behind=SITES_KNOWN),
    Target(LIST_SITES.ram_action, ESA, PRELOADS),
)


class Outcome(msgspec.Struct, frozen=True):
    """What came of one operation: a reason or a number of rows, what it says of its items, and all its text."""

    result: str | int
    items: tuple[str, ...]
    text: str


class Leftovers(msgspec.Struct, frozen=True):
    """What is still there after everything was closed."""

    threads: int
    connections: int
    descriptors: int


class Matrix(msgspec.Struct, frozen=True):
    outcomes: dict[tuple[str, str], Outcome]
    log: tuple[str, ...]
    leftovers: Leftovers


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def matrix(_imported_sdks: None) -> Matrix:
    log, root = _Log(), logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    threads, descriptors = threading.active_count(), _descriptors()
    try:
        behind = {f"{name} behind {SITES_KNOWN}": told_apart(SITES_KNOWN, SITES, FAULTS[name].reply) for name in FAULTS}
        with standing_in({name: fault.reply for name, fault in FAULTS.items()} | behind) as stand_in:
            outcomes = asyncio.run(_run_all(stand_in))
            connections = _settled(lambda: stand_in.open_connections, 0)
    finally:
        root.removeHandler(log)
        root.setLevel(level)
    left = Leftovers(
        # Threads of other tests may end meanwhile.
        threads=max(0, _settled(threading.active_count, threads) - threads),
        connections=connections,
        descriptors=max(0, _settled(_descriptors, descriptors) - descriptors),
    )
    return Matrix(outcomes, tuple(log.lines), left)


async def _run_all(stand_in: StandIn) -> dict[tuple[str, str], Outcome]:
    slots = asyncio.Semaphore(PARALLEL_FAULTS)
    outcomes: dict[tuple[str, str], Outcome] = {}

    async def met_by_all(fault: str) -> None:
        seconds = FAULTS[fault].seconds
        # Closed when all are through: clients of one address share its connections.
        async with slots:
            with ExitStack() as clients:
                of_products = (_meet(target, target.port(stand_in, fault), seconds, clients) for target in TARGETS)
                key, found = await asyncio.gather(
                    _key(stand_in.ports[fault], seconds, clients), asyncio.gather(*of_products)
                )
        outcomes[fault, ASSUME_ROLE.ram_action] = key
        outcomes.update({(fault, verb): outcome for each in found for verb, outcome in each.items()})

    await asyncio.gather(*map(met_by_all, FAULTS))
    return outcomes


async def _meet(target: Target, port: int, seconds: float, clients: ExitStack) -> dict[str, Outcome]:
    """All operations of a product, each with limits of its own, against one fault."""
    spec = target.spec
    client = SdkClient(spec.sdk_package, Endpoint(f"127.0.0.1:{port}", "HTTP"), spec.region, _own_credentials())
    clients.callback(client.close)

    def adapter() -> Adapter:
        callers = {
            each.action: ActionCaller(each, client, RateLimiter(1_000), jitter=lambda: NO_RETRY)
            for each in spec.operations
        }
        return spec.adapter(spec, AdapterContext(callers=callers, clock=SystemClock(), fresh_seconds=0))

    deadline = asyncio.get_running_loop().time() + seconds
    kinds = {kind.operation: kind for kind in reversed(spec.submits)}
    asked = {
        "lookup": _lookup(adapter(), spec, deadline),
        "list": _page(adapter(), target.listed, deadline),
        "quota": _quota(adapter(), deadline),
        **({"job": _job(spec.jobs, client, deadline)} if spec.jobs else {}),
        **{f"submit {each.action}": _submit(adapter(), kind, deadline) for each, kind in kinds.items()},
    }
    async with asyncio.timeout(MAX_SECONDS):
        outcomes = await asyncio.gather(*asked.values())
    return {f"{target.name} {verb}": outcome for verb, outcome in zip(asked, outcomes, strict=True)}


async def _lookup(adapter: Adapter, spec: ProductSpec, deadline: float) -> Outcome:
    ids = IDS[: spec.lookup.ids_per_call]
    results = await adapter.lookup(ids, deadline, None)
    faults = {each.reason.value for each in results.values() if isinstance(each, UpstreamFault)}
    rows = sum(len(each) for each in results.values() if not isinstance(each, UpstreamFault))
    return Outcome(faults.pop() if faults else rows, tuple(results), repr(results))


async def _page(adapter: Adapter, asks: VendorFilter, deadline: float) -> Outcome:
    try:
        page = await adapter.list_page(PageCall(asks=asks, start=0, end=None, number=1), deadline)
    except UpstreamFault as fault:
        return _of_fault(fault)
    return Outcome(page.count, (), repr(page))


async def _quota(adapter: Adapter, deadline: float) -> Outcome:
    try:
        quotas = await adapter.quota(deadline)
    except UpstreamFault as fault:
        return _of_fault(fault)
    return Outcome(len(quotas), (), repr(quotas))


async def _job(operation: Operation, client: SdkClient, deadline: float) -> Outcome:
    caller = ActionCaller(operation, client, RateLimiter(1_000), jitter=lambda: NO_RETRY)
    try:
        job = await JobReader(caller, SystemClock(), 0).job("41d465e31957", deadline)
    except UpstreamFault as fault:
        return _of_fault(fault)
    return Outcome(0, (), repr(job))


async def _key(port: int, seconds: float, clients: ExitStack) -> Outcome:
    """The key of another account's role."""
    client = SdkClient(ASSUME_ROLE.sdk_package, Endpoint(f"127.0.0.1:{port}", "HTTP"), REGION, _own_credentials())
    caller = ActionCaller(ASSUME_ROLE, client, RateLimiter(1_000), jitter=lambda: NO_RETRY)
    role = AssumedRole("acs:ram::1:role/matrix", None, caller, client, SystemClock())
    clients.callback(role.close)
    try:
        async with asyncio.timeout(MAX_SECONDS):
            await role.prepare(asyncio.get_running_loop().time() + seconds)
    except UpstreamFault as fault:
        return _of_fault(fault)
    return Outcome(0, (), "")


def _own_credentials() -> CredentialSource:
    names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
    return CredentialSource(dict(zip(names, SECRETS, strict=True)))


async def _submit(adapter: Adapter, kind: SubmitKind, deadline: float) -> Outcome:
    done = await adapter.submit(kind, URLS, deadline)
    items = [path for taken in done.accepted for path in taken.object_paths]
    items += [path for refused in done.refused for path in refused.object_paths]
    reasons = {each.cause.reason.value for each in done.refused}
    return Outcome("+".join(sorted(reasons)), tuple(sorted(items)), repr(done))


def _of_fault(fault: UpstreamFault) -> Outcome:
    return Outcome(fault.reason.value, (), f"{fault!r} {fault} {fault.vendor_code} {fault.request_id} {fault.detail}")


def _descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def _settled(count: Callable[[], int], wanted: int) -> int:
    """The count once it is down to what is wanted; a cut socket takes a moment to be noticed."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while count() > wanted and time.monotonic() < give_up:
        time.sleep(0.01)
    return count()


def _right(fault: Fault, operation: str) -> str | int:
    sites_unknown = operation.startswith(LIST_SITES.ram_action)
    if " submit " in operation:
        return fault.unsent if sites_unknown else fault.submit
    return fault.quota if sites_unknown or operation.endswith(("quota", "job", ASSUME_ROLE.action)) else fault.rows


def test_every_operation_of_every_product_is_called_with_every_fault(matrix: Matrix) -> None:
    lines = map(msgspec.json.decode, matrix.log)
    calls = Counter((line["product"], line["action"]) for line in lines if line["message"] == "vendor call")
    for operation in (ASSUME_ROLE, *(each for spec in SPECS.values() for each in spec.operations)):
        assert calls[operation.product, operation.action] >= len(FAULTS), operation.ram_action


@pytest.mark.parametrize("name", FAULTS)
def test_every_operation_answers_rightly(matrix: Matrix, name: str) -> None:
    met = {operation: outcome for (fault, operation), outcome in matrix.outcomes.items() if fault == name}
    assert {operation: outcome.result for operation, outcome in met.items()} == {
        operation: _right(FAULTS[name], operation) for operation in met
    }


def test_no_id_and_no_url_is_lost_or_doubled(matrix: Matrix) -> None:
    for (fault, operation), outcome in matrix.outcomes.items():
        if operation.endswith("lookup"):
            assert outcome.items == IDS[: len(outcome.items)], (fault, operation)
            assert outcome.items, (fault, operation)
        elif " submit " in operation:
            assert outcome.items == URLS, (fault, operation)


def test_no_secret_is_told(matrix: Matrix) -> None:
    texts = [*(outcome.text for outcome in matrix.outcomes.values()), *matrix.log]
    assert len(matrix.log) >= len(matrix.outcomes)
    for secret in (*SECRETS, "ACS3-HMAC-SHA256 Credential", "Signature=0", "Signature=a"):
        assert not [text for text in texts if secret in text]


def test_no_thread_and_no_socket_is_left(matrix: Matrix) -> None:
    assert matrix.leftovers == Leftovers(threads=0, connections=0, descriptors=0)
