from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from packager.rendering import read_env_file, render


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


def test_an_env_file_is_read_without_its_comments(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert read_env_file(path) == {}
    path.write_text("# A=0\nB=1\nC=\n", "utf-8")
    assert read_env_file(path) == {"B": "1", "C": ""}
