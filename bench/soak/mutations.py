"""The small changes of a module that a good test notices: its mutants, as spans of its source and what stands there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"}


class Mutation(msgspec.Struct, frozen=True):
    """Bytes `start` to `end` of a file, and what they are replaced by; `line` is where a reader finds them."""

    path: Path
    line: int
    start: int
    end: int
    before: str
    after: str

    def applied_to(self, source: bytes) -> bytes:
        """The mutant of the file."""
        return source[: self.start] + self.after.encode() + source[self.end :]


class _Source:
    """A module's bytes, and where the nodes of its tree stand in them."""

    def __init__(self, path: Path, source: bytes) -> None:
        self.path = path
        self.source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self.source[start:end].decode()

    def mutation(self, node: ast.expr | ast.stmt, after: str) -> Mutation:
        start, end = self._span(node)
        before = self.source[start:end].decode()
        return Mutation(self.path, node.lineno, start, end, before, after)

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None  # noqa: S101 -- known of every tree that was parsed
        assert node.end_col_offset is not None  # noqa: S101 -- the same
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )


def mutations_of(path: Path) -> tuple[Mutation, ...]:
    """Every mutant of the module, in the order of its lines."""
    source = _Source(path, path.read_bytes())
    tree = ast.parse(source.source)
    found = (mutation for node in _nodes_that_run(tree) for mutation in _mutations_of_node(node, source))
    return tuple(sorted(dict.fromkeys(found), key=lambda mutation: (mutation.start, mutation.after)))


def _nodes_that_run(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes with an effect: neither annotations, nor imports, nor literals that stand alone (docstrings)."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Import | ast.ImportFrom) or _is_docstring(child):
            continue
        yield child
        parts: list[ast.AST] = [child]
        if isinstance(child, ast.AnnAssign):
            parts = [child.value] if child.value else []
            yield from parts
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [default for default in (*child.args.defaults, *child.args.kw_defaults) if default]
            parts = [*defaults, *child.body]
            yield from (part for part in parts if not _is_docstring(part))
        for part in parts:
            if not _is_docstring(part):
                yield from _nodes_that_run(part)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _mutations_of_node(node: ast.AST, source: _Source) -> Iterator[Mutation]:  # noqa: C901, PLR0912 -- one case per kind of node
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
            word = _COMPARISONS[type(operator)]
            yield source.mutation(node, f"({source.text(left)}) {word} ({source.text(right)})")
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
            word = _ARITHMETIC[type(operator)]
            yield source.mutation(node, f"({source.text(left)}) {word} ({source.text(right)})")
        case ast.BoolOp(values=values):
            for value in values:
                rest = f" {'and' if isinstance(node.op, ast.And) else 'or'} ".join(
                    f"({source.text(each)})" for each in values if each is not value
                )
                yield source.mutation(node, f"({rest})")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield source.mutation(node, f"({source.text(operand)})")
        case ast.IfExp(body=body, orelse=otherwise):
            yield source.mutation(node, f"({source.text(body)})")
            yield source.mutation(node, f"({source.text(otherwise)})")
        case ast.If(test=test) | ast.While(test=test):
            yield source.mutation(test, "False")
            if isinstance(node, ast.If):
                yield source.mutation(test, "True")
        case ast.Constant(value=bool() as value):
            yield source.mutation(node, str(not value))
        case ast.Constant(value=int() | float() as number):
            yield source.mutation(node, repr(number + 1 if isinstance(number, int) else number * 2 or 1.0))
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield source.mutation(node, "pass")
        case ast.Return(value=ast.expr() as value) if source.text(value) != "None":
            yield source.mutation(value, "None")
        case ast.Call(func=function, args=args, keywords=keywords) if keywords:
            for keyword in keywords:
                rest = ", ".join(
                    [source.text(arg) for arg in args]
                    + [
                        f"{each.arg}={source.text(each.value)}" if each.arg else f"**{source.text(each.value)}"
                        for each in keywords
                        if each is not keyword
                    ]
                )
                yield source.mutation(node, f"{source.text(function)}({rest})")
        case _:
            return
