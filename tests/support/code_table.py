"""Reads the table of error codes in docs/vendor.md 5.6, by the rules that stand above it there."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

VENDOR = Path(__file__).parents[2] / "docs" / "vendor.md"
_HEAD = "| code | text | http | where | reason | submit | concerns | retry | source |"

Concern = Literal["item", "size", "domain", "call", "account"]
Place = Literal["lookup", "list", "submit", "quota", "any", "sdk"]


class CodeRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row. `code` may end with `*`; `text` is None where the code alone decides; `retry` is a word or seconds."""

    code: str
    text: str | None
    http: tuple[int, ...]
    where: tuple[Place, ...]
    reason: str
    submit: str
    concerns: Concern
    retry: int | Literal["no", "day"]
    source: str


def code_rows(markdown: str | None = None) -> tuple[CodeRow, ...]:
    """All rows, in the order of the page. Raises msgspec.ValidationError, or ValueError for a row of another width."""
    lines = (markdown or VENDOR.read_text("utf-8")).splitlines()
    body = lines[lines.index(_HEAD) + 2 :]
    end = next(number for number, line in enumerate(body) if not line.startswith("|"))
    return tuple(_row(line) for line in body[:end])


def source_keys() -> frozenset[str]:
    """The keys of the page's list of sources."""
    lines = VENDOR.read_text("utf-8").splitlines()
    listed = lines[lines.index("| key | page |") + 2 :]
    return frozenset(line.split("|")[1].strip() for line in listed[: listed.index("")])


def _row(line: str) -> CodeRow:
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    names = CodeRow.__struct_fields__
    row: dict[str, object] = dict(zip(names, cells, strict=True))
    row["code"], row["text"] = _quoted(cells[0]), None if cells[1] == "-" else _quoted(cells[1])
    row["http"] = () if cells[2] == "-" else tuple(int(status) for status in cells[2].split(","))
    row["where"] = tuple(cells[3].split(","))
    row["retry"] = int(cells[7]) if cells[7].isdigit() else cells[7]
    return msgspec.convert(row, CodeRow)


def _quoted(cell: str) -> str:
    if not (cell.startswith("`") and cell.endswith("`") and len(cell) > len("``")):
        raise ValueError(f"{cell!r} must stand in backticks")
    return cell.strip("`")
