from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from packager.rendering import read_by, render


def rendered(tmp_path: Path, text: str, **environ: str) -> dict[str, Any]:
    template = tmp_path / "s.yaml"
    template.write_text(text, "utf-8")
    return render(template, environ)


def test_a_whole_expression_keeps_its_type_and_a_part_becomes_text(tmp_path: Path) -> None:
    tree = rendered(tmp_path, 'vars: {n: 3}\nwhole: ${vars.n}\npart: "x${vars.n}"\nlist: ["${vars.n}"]\n')
    assert (tree["whole"], tree["part"], tree["list"]) == (3, "x3", [3])


def test_a_variable_may_use_the_environment_and_earlier_variables(tmp_path: Path) -> None:
    text = 'vars:\n  a: ${env("A")}\n  b: ${env("B", "none")}-${vars.a}\nc: ${vars.b}\n'
    assert rendered(tmp_path, text, A="1")["c"] == "none-1"
    assert rendered(tmp_path, text, A="1", B="2")["c"] == "2-1"


@pytest.mark.parametrize("expression", ['${env("A")}', "${vars.a}", '${config("AccountID")}', "x${anything}"])
def test_an_expression_without_a_value_is_refused(tmp_path: Path, expression: str) -> None:
    with pytest.raises(LookupError, match=r"\$\{"):
        rendered(tmp_path, f"a: '{expression}'\n")


def test_an_empty_variable_is_none_as_the_command_line_has_it(tmp_path: Path) -> None:
    assert rendered(tmp_path, 'a: ${env("A", "none")}\n', A="") == {"a": "none"}
    with pytest.raises(LookupError, match="has no value"):
        rendered(tmp_path, 'a: ${env("A")}\n', A="")


def test_a_value_that_would_be_filled_in_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="has an expression in it"):
        rendered(tmp_path, 'a: ${env("A")}\n', A="x${env('B')}")


def test_a_template_says_what_it_reads(tmp_path: Path) -> None:
    template = tmp_path / "s.yaml"
    template.write_text('a: ${env("A")}\nb: x${env("B", "none")}${vars.c}\n', "utf-8")
    assert read_by(template) == {"A", "B"}
