"""The parameters of a query, as data: both parsers, the checks and the OpenAPI document use this table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, Flag, auto
from types import MappingProxyType

import msgspec

from functions.accounts import NAME_PATTERN, OWN
from functions.model import Status
from functions.products.registry import PRODUCTS
from functions.tasks.query import (
    DEFAULT_OBJECTS,
    DEFAULT_PAGE_SIZE,
    MAX_IDS,
    MAX_OBJECTS,
    MAX_PAGE_SIZE,
    MAX_WAIT_SECONDS,
    Until,
)

BAD = "bad"
"""The status filter for every way of ending without success."""


class ParameterType(Enum):
    """How values are written."""

    IDS = auto()
    """Many, in any form that people paste; in JSON an array of strings and whole numbers."""
    WORDS = auto()
    """Many; repeated and/or joined by commas in a query string, an array in JSON."""
    URLS = auto()
    """One in a query string and never split, because a URL may hold commas; an array in JSON."""
    TEXT = auto()
    """One string."""
    NUMBER = auto()
    """One whole number."""


class Use(Flag):
    """Which queries a parameter belongs to."""

    LOOKUP = auto()
    LIST = auto()
    BOTH = LOOKUP | LIST


class Bounds(msgspec.Struct, frozen=True):
    """The bounds of a number, both included."""

    low: int
    high: int


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter. One value of it has `bounds`, or is one of `words`, or matches `pattern` as a whole.

    `default` is the value when it is left out. `must` says what a value must be, for the caller that got it wrong.
    """

    name: str
    kind: ParameterType
    use: Use
    about: str
    must: str = ""
    pattern: str = r"[\s\S]+"
    words: tuple[str, ...] = ()
    bounds: Bounds | None = None
    default: str | None = None
    format: str | None = None
    examples: tuple[str, ...] = ()

    @property
    def is_array(self) -> bool:
        """Whether it is an array in JSON."""
        return self.kind in {ParameterType.IDS, ParameterType.WORDS, ParameterType.URLS}

    @property
    def rule(self) -> str:
        """What one value must be, for people."""
        if self.bounds:
            return f"it must be a whole number from {self.bounds.low} to {self.bounds.high}"
        return f"it must be one of {', '.join(self.words)}" if self.words else self.must


_VERSION = "[A-Za-z0-9_.=-]{1,128}"
_TABLE = (
    Parameter(
        name="taskId",
        kind=ParameterType.IDS,
        use=Use.LOOKUP,
        about=f"Ids to look up, each `[[account/]product:]digits`, at most {MAX_IDS:,}."
        " Left out, the question is a list.",
        must="an id is 1 to 30 digits, or product:digits like cdn:24840",
        pattern=rf"(({NAME_PATTERN}/)?[a-z]+:)?[0-9]{{1,30}}",
        examples=("24840", "dcdn:113681"),
    ),
    Parameter(
        name="product",
        kind=ParameterType.WORDS,
        use=Use.BOTH,
        about="Which products to ask; by default all that are switched on. `acme/cdn` is one of another account.",
        must=f"it must name a product like {PRODUCTS[0]}; left out, all are asked",
        examples=PRODUCTS,
    ),
    Parameter(
        name="account",
        kind=ParameterType.WORDS,
        use=Use.BOTH,
        about=f"Which accounts to ask, `{OWN}` for the service's own; by default that one only.",
        must=f"it must be {OWN} or the name of an account like acme",
        pattern=NAME_PATTERN,
        examples=(OWN, "acme"),
    ),
    Parameter(
        name="object",
        kind=ParameterType.TEXT,
        use=Use.LOOKUP,
        about="`oss://bucket/key`: the tasks of that object's last change. Needs the store of changed objects.",
        must="it must be like oss://bucket/key, with the key as it is in the bucket",
        pattern=r"oss://[a-z0-9][a-z0-9-]{1,61}[a-z0-9]/[\s\S]{1,1023}",
    ),
    Parameter(
        name="job",
        kind=ParameterType.TEXT,
        use=Use.LOOKUP,
        about="`vod:` (`acme/vod:` in another account) and a MediaRefreshJobId: the tasks of that media job; what it"
        " could not submit has failed.",
        must="it must be like vod:41d465e31957",
        pattern=rf"({NAME_PATTERN}/)?vod:[A-Za-z0-9-]{{1,64}}",
    ),
    Parameter(
        name="objectPath",
        kind=ParameterType.URLS,
        use=Use.LIST,
        about="List tasks of this URL, of directories above it and of expressions that match it. "
        "A query string holds one, and it is never split at commas.",
        must="it must be one whole URL (in a query string a + is written %2B)",
        pattern=r"[^\x00-\x1f\x7f]{1,4096}",
    ),
    Parameter(
        name="domainName",
        kind=ParameterType.TEXT,
        use=Use.LIST,
        about="List tasks of this accelerated domain name; `.example.com` or `*.example.com` for a wildcard domain.",
        must="it must be one domain name",
        pattern=r"[^\s/:,]{1,253}",
    ),
    Parameter(
        name="objectType",
        kind=ParameterType.WORDS,
        use=Use.LIST,
        about="List tasks of these kinds of objects; an open set.",
        must="it must be a word like file, directory, regex, preload",
        pattern="[a-z-]{1,32}",
        examples=("file", "directory", "regex", "preload"),
    ),
    Parameter(
        name="action",
        kind=ParameterType.TEXT,
        use=Use.LIST,
        about="List refresh tasks or prefetch tasks only.",
        words=("refresh", "preload"),
    ),
    Parameter(
        name="status",
        kind=ParameterType.WORDS,
        use=Use.LIST,
        about=f"List tasks with a row in one of these states; `{BAD}` is failed, timeout and canceled.",
        words=(*Status, BAD),
    ),
    Parameter(
        name="startTime",
        kind=ParameterType.TEXT,
        use=Use.LIST,
        about="List tasks created at or after this time: RFC 3339 with `Z` or an offset. Before the vendor's three days"
        " only where `/v1/capabilities` says `history`.",
        format="date-time",
    ),
    Parameter(
        name="endTime",
        kind=ParameterType.TEXT,
        use=Use.LIST,
        about="List tasks created before this time.",
        format="date-time",
    ),
    Parameter(
        name="pageSize",
        kind=ParameterType.NUMBER,
        use=Use.LIST,
        about="At most so many tasks on a page.",
        bounds=Bounds(1, MAX_PAGE_SIZE),
        default=str(DEFAULT_PAGE_SIZE),
    ),
    Parameter(
        name="pageToken",
        kind=ParameterType.TEXT,
        use=Use.LIST,
        about="`nextPageToken` of the page before this one.",
        must="it must be the nextPageToken of an answer",
        pattern=r"[\x21-\x7e]{1,1536}",
    ),
    Parameter(
        name="objects",
        kind=ParameterType.NUMBER,
        use=Use.BOTH,
        about=f"How many rows to show per task, failed ones first; at most {MAX_OBJECTS:,} in an answer.",
        bounds=Bounds(0, MAX_OBJECTS),
        default=str(DEFAULT_OBJECTS),
    ),
    Parameter(
        name="wait",
        kind=ParameterType.NUMBER,
        use=Use.LOOKUP,
        about="Seconds to hold the answer until what `until` names has happened; time out is a 200 all the same.",
        bounds=Bounds(0, MAX_WAIT_SECONDS),
        default="0",
    ),
    Parameter(
        name="until",
        kind=ParameterType.TEXT,
        use=Use.LOOKUP,
        about="What ends a wait early.",
        words=tuple(Until),
        default=Until.DONE,
    ),
    Parameter(
        name="after",
        kind=ParameterType.TEXT,
        use=Use.LOOKUP,
        about="The `version` that is already known; needed by `until=changed`.",
        must="it must be the version of a report",
        pattern=_VERSION,
    ),
    Parameter(
        name="lastEventId",
        kind=ParameterType.TEXT,
        use=Use.LOOKUP,
        about="The header Last-Event-ID, from libraries that cannot send it.",
        must="it must be the version of a report",
        pattern=_VERSION,
    ),
)

PARAMETERS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in _TABLE})
