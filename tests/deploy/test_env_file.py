from __future__ import annotations

from pathlib import Path

import pytest

from packager.env_file import EnvFile, read_env_file, references


def read(tmp_path: Path, text: str) -> EnvFile:
    path = tmp_path / ".env"
    path.write_bytes(text.encode())
    return read_env_file(path)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("# A=0\n\nB=1\n", {"B": "1"}),
        ("A=\nB = spaced out \n", {"A": "", "B": "spaced out"}),
        ("export A=1\n  B: 2\n", {"A": "1", "B": "2"}),
        ("A=1 # why\nB= # nothing\n", {"A": "1", "B": ""}),
        ("A=\"one\"\nB='two # words'\nC=`three`\n", {"A": "one", "B": "two # words", "C": "three"}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=it's\nB=x=y\n", {"A": "it's", "B": "x=y"}),
        ("A=1\nA=2", {"A": "2"}),
    ],
    ids=["comments", "blanks", "export and colon", "trailing comments", "quotes", "Windows", "plain signs", "twice"],
)
def test_a_line_that_means_what_it_says_is_read_without_a_fault(
    tmp_path: Path, text: str, values: dict[str, str]
) -> None:
    assert read(tmp_path, text) == EnvFile(values)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A=ab#cd\n", "A is cut at its #"),
        ("A=#cd\n", "A is cut at its #"),
        ('A="b\n', "A keeps a quote at its edge"),
        ("A=b'\n", "A keeps a quote at its edge"),
        ('A="one\\ntwo"\n', "A has more than one line"),
        ("A='one\ntwo'\n", "A has more than one line"),
        ("B=1\nA b=1\n", "line 2 sets nothing"),
        ("B=1\n-----\nC=2\n", "line 2 sets nothing"),
    ],
)
def test_a_line_that_is_read_otherwise_than_meant_is_named(tmp_path: Path, text: str, fault: str) -> None:
    assert any(fault in each for each in read(tmp_path, text).faults)


@pytest.mark.parametrize("value", ["abc$def", "'abc$def'", '"abc$def"', r"abc\$def", "${HOME}", "abc$"])
def test_a_value_with_a_dollar_is_refused_however_it_is_written(tmp_path: Path, value: str) -> None:
    (fault,) = references(read(tmp_path, f"A={value}\n"), {})
    assert fault.startswith("A has a $")


def test_the_shells_own_value_is_expanded_too_when_the_file_has_the_name(tmp_path: Path) -> None:
    file = read(tmp_path, "A=plain\n")
    assert [*references(file, {"B": "b$c"})] == []
    assert len([*references(file, {"A": "b$c"})]) == 1
    assert [*references(read(tmp_path, "A=b$c\n"), {"A": "plain"})] == []


def test_no_fault_shows_a_value(tmp_path: Path) -> None:
    file = read(tmp_path, "A='hidden\nA=hidden$x\nA=hidden#x\nhidden x\n")
    assert "hidden" not in " ".join([*file.faults, *references(file, {})])


def test_a_file_that_is_not_there_sets_nothing(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == EnvFile({})
