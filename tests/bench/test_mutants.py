"""The mutants that `make mutants` makes, and the tests that they meet."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench.soak import mutants as runner
from bench.soak.mutations import mutations_of

ROOT = Path(__file__).resolve().parents[2]


def mutants(tmp_path: Path, source: str) -> list[str]:
    module = tmp_path / "module.py"
    module.write_text(source, encoding="utf-8")
    return [each.applied_to(source.encode()).decode() for each in mutations_of(module)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", ["x = (a) <= (b)"]),
        ("x = a - b", ["x = (a) + (b)"]),
        ("x = a and b", ["x = ((a))", "x = ((b))"]),
        ("x = not a", ["x = (a)"]),
        ("x = a if b else c", ["x = (a)", "x = (c)"]),
        ("x = True", ["x = False"]),
        ("x = 4", ["x = 5"]),
        ("f(a)", ["pass"]),
        ("x = f(a, b=c, d=e)", ["x = f(a, b=c)", "x = f(a, d=e)"]),
        ("def f():\n    return a", ["def f():\n    return None"]),
        ("if a:\n    pass", ["if False:\n    pass", "if True:\n    pass"]),
    ],
)
def test_each_kind_of_change_is_made_in_one_place(tmp_path: Path, source: str, expected: list[str]) -> None:
    assert sorted(mutants(tmp_path, source)) == sorted(expected)


@pytest.mark.parametrize(
    "source", ['"""3 < 4"""', "import a", "x: Literal[3]", "def f(a: Annotated[int, 3]) -> X[4]: ..."]
)
def test_what_does_not_run_is_not_changed(tmp_path: Path, source: str) -> None:
    assert mutants(tmp_path, source) == []


def test_a_mutant_of_a_text_with_wide_characters_is_made_in_the_right_place(tmp_path: Path) -> None:
    assert mutants(tmp_path, 'x = {"图片": 3}') == ['x = {"图片": 4}']


def test_mutants_of_the_functions_are_python() -> None:
    for path in (ROOT / "functions" / "upstream").glob("*.py"):
        source = path.read_bytes()
        for each in mutations_of(path)[::10]:
            ast.parse(each.applied_to(source))


@pytest.mark.parametrize(
    ("module", "first"),
    [
        ("functions/upstream/caller.py", "tests/upstream/test_caller.py"),
        ("functions/products/lookup/cache.py", "tests/products/lookup/test_cache.py"),
        ("functions/upstream/batcher.py", "tests/products/lookup/test_loader.py"),
    ],
)
def test_a_mutant_meets_the_tests_of_its_module_or_of_those_that_import_it(module: str, first: str) -> None:
    assert runner.tests_of(Path(module), ROOT)[0] == first
