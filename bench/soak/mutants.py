"""How many small changes of the functions their tests notice: `make mutants`, a sample of them, the same for one seed.

Each mutant is made in a copy of the sources, and only the tests of its module are run over it, for tests mirror the
code: `tests/a/test_b.py` for `functions/a/b.py`, and those of its area that import the module. A mutant that survives
here may still be noticed by tests from further away, so that the share of the killed is the least that it can be.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import pytest

from bench.soak.mutations import Mutation, mutations_of

FOLDERS = ("tasks", "products", "upstream", "events", "api")
_ROOT = Path(__file__).resolve().parents[2]
_OPTIONS = ("--quiet", "--exitfirst", "--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning")
_FORK = multiprocessing.get_context("fork")
for _name in ("hypothesis", "httpx", "starlette.applications", "uvicorn", "requests", "jwt", "jsonschema"):
    importlib.import_module(_name)  # once, and not in the process of each mutant
_PATIENCE, _LEAST_SECONDS = 5.0, 30.0
"""Tests of a mutant may take so many times as long as without it, and at least so long: another load is no loop."""


class Outcome(StrEnum):
    """What the tests said of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    HUNG = "hung"
    """The tests did not end in time: noticed, too."""


def main() -> None:
    """Print each mutant that survived, and a table of the folders."""
    options = _options()
    chooser = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        _copy_sources(copy)
        outcomes: dict[str, Counter[Outcome]] = {}
        for name in options.only or FOLDERS:
            chosen = _sample(copy / "functions" / name, options.each, chooser)
            outcomes[name] = _try_all(Bench(copy), chosen)
    print(_table(outcomes, options.seed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=40, help="mutants of each folder")
    parser.add_argument("--seed", type=int, default=1, help="which of them")
    parser.add_argument("--only", action="append", choices=FOLDERS, help="this folder; may be given more than once")
    return parser.parse_args()


def _copy_sources(target: Path) -> None:
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=_ROOT, check=True, capture_output=True)  # noqa: S607
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (_ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(_ROOT / name, target / name)


def _sample(folder: Path, count: int, chooser: random.Random) -> list[Mutation]:
    every = [mutation for path in sorted(folder.rglob("*.py")) for mutation in mutations_of(path)]
    return sorted(chooser.sample(every, min(count, len(every))), key=lambda each: (each.path, each.start, each.after))


def _try_all(bench: Bench, mutations: Iterable[Mutation]) -> Counter[Outcome]:
    outcomes: Counter[Outcome] = Counter()
    for mutation in mutations:
        outcome = bench.try_out(mutation)
        outcomes[outcome] += 1
        name = mutation.path.relative_to(bench.root)
        print(f"{outcome.value:8} {name}:{mutation.line}  {mutation.before!r} -> {mutation.after!r}", flush=True)
    return outcomes


class Bench:
    """A copy of the sources, in which one mutant at a time meets its tests."""

    def __init__(self, root: Path) -> None:
        """`root` is the copy."""
        self.root = root
        self._seconds: dict[Path, float] = {}

    def try_out(self, mutation: Mutation) -> Outcome:
        """What the tests of the module say of the mutant. Raises AssertionError where they fail without it."""
        tests = tests_of(mutation.path.relative_to(self.root), self.root)
        if not tests:
            return Outcome.SURVIVED
        if mutation.path not in self._seconds:
            started = time.monotonic()
            assert self._run(tests, None) is Outcome.SURVIVED, f"{tests} fail without any mutant"  # noqa: S101
            self._seconds[mutation.path] = time.monotonic() - started
        source = mutation.path.read_bytes()
        mutation.path.write_bytes(mutation.applied_to(source))
        try:
            return self._run(tests, max(_LEAST_SECONDS, _PATIENCE * self._seconds[mutation.path]))
        finally:
            mutation.path.write_bytes(source)

    def _run(self, tests: Sequence[str], seconds: float | None) -> Outcome:
        child = _FORK.Process(target=_run_tests, args=(self.root, tests))
        child.start()
        child.join(seconds)
        if child.pid is not None and child.is_alive():
            os.killpg(child.pid, signal.SIGKILL)
            child.join()
            return Outcome.HUNG
        return Outcome.KILLED if child.exitcode else Outcome.SURVIVED


def _run_tests(root: Path, tests: Sequence[str]) -> None:
    os.setpgrp()
    os.chdir(root)
    sys.dont_write_bytecode = True  # two mutants of one file can have the same size and second
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    # Not by leaving the function: that would wait for threads which a mutant may keep for ever.
    os._exit(int(pytest.main([*_OPTIONS, *tests])))


def tests_of(module: Path, root: Path) -> list[str]:
    """The test files that mirror a module, then those of its area that name it.

    A module without any is tested through those that import it; failing that, by the tests beside.
    """
    chosen = _own_tests(module, root)
    if not chosen:
        importers = sorted(path for path in (root / "functions").rglob("*.py") if _names(path, module))
        chosen = [test for path in importers for test in _own_tests(path.relative_to(root), root)]
    chosen = chosen or sorted(_nearest(_mirror(module, root)).glob("test_*.py"))
    return [str(path.relative_to(root)) for path in dict.fromkeys(chosen)]


def _own_tests(module: Path, root: Path) -> list[Path]:
    mirror = sorted(_mirror(module, root).glob(f"test_{module.stem}.py"))
    area = sorted((root / "tests" / module.parts[1]).rglob("test_*.py"))
    return [*mirror, *(path for path in area if path not in mirror and _names(path, module))]


def _mirror(module: Path, root: Path) -> Path:
    return root / "tests" / module.relative_to("functions").parent


def _names(path: Path, module: Path) -> bool:
    dotted = ".".join(module.with_suffix("").parts)
    return f"from {dotted} import" in path.read_text(encoding="utf-8")


def _nearest(folder: Path) -> Path:
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _table(outcomes: dict[str, Counter[Outcome]], seed: int) -> str:
    lines = [f"Seed {seed}.", "", "| folder | mutants | killed | survived | hung |", "| --- | --- | --- | --- | --- |"]
    for name, counts in outcomes.items():
        killed, survived, hung = (counts[outcome] for outcome in Outcome)
        lines.append(f"| functions/{name} | {counts.total()} | {killed} | {survived} | {hung} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
