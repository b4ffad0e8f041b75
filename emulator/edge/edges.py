"""What the edge has cached, and when that is fetched anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from threading import Lock
from urllib.parse import quote

import msgspec

from emulator.core.clock import Clock
from emulator.core.errors import ApiError
from emulator.core.http1_parser import Request
from emulator.core.responses import Response
from emulator.oss.buckets import Buckets
from emulator.oss.models import StoredObject
from emulator.oss.responses import http_date
from emulator.tasks.backend import TaskBackend
from emulator.tasks.records import RowView, TaskView
from emulator.tasks.transition import COMPLETE

CACHE_SECONDS = 3_600
"""What the edge says of how long it keeps things; here they stay until they are refreshed."""
_DIRECTORIES = frozenset({"directory", "path"})


class EdgeSite(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A domain whose origin is a bucket."""

    host: str
    bucket: str


class _Copy(msgspec.Struct, frozen=True):
    stored: StoredObject
    fetched: float


class Edges:
    """The domains that are served, and the copies of their objects. Thread-safe."""

    def __init__(self, clock: Clock, tasks: TaskBackend, buckets: Buckets, products: Sequence[str]) -> None:
        """`tasks` of these `products` tell what was refreshed."""
        self._clock = clock
        self._tasks = tasks
        self._buckets = buckets
        self._products = products
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        """No domains, nothing cached."""
        with self._lock:
            self._sites: dict[str, EdgeSite] = {}
            self._copies: dict[str, _Copy] = {}

    def add(self, site: EdgeSite) -> None:
        """Serve this domain from now on."""
        with self._lock:
            self._sites[site.host] = site

    def serves(self, host: str) -> bool:
        """Whether `host` is one of the domains."""
        return host in self._sites

    def answer(self, host: str, request: Request) -> Response:
        """What a client gets for a GET or HEAD."""
        path = quote(request.path, safe="/:@!$&'()*,;=~")
        url = f"http://{host}{path}" + (f"?{request.query}" if request.query else "")
        with self._lock:
            copy = self._copies.get(url)
            hit = copy is not None and not self._refreshed_since(copy.fetched, url)
            if copy is None or not hit:
                self._copies.pop(url, None)
                try:
                    copy = self._fetched(self._sites[host], request.path)
                except ApiError as error:
                    return Response(error.response.status, content_type="text/html", headers=_cache_headers("MISS"))
                if "no-store" not in copy.stored.content.headers.get("cache-control", ""):
                    self._copies[url] = copy
        return _response(request, copy, self._cached_headers(copy, hit=hit))

    def _fetched(self, site: EdgeSite, path: str) -> _Copy:
        return _Copy(self._buckets.bucket(site.bucket).object(path.removeprefix("/")), self._clock.now())

    def _refreshed_since(self, moment: float, url: str) -> bool:
        tasks = (task for product in self._products for task in self._tasks.all(product))
        # Times of tasks are whole seconds.
        return any(_covers(task, row, url) for task in tasks if task.created_at + 1 > moment for row in task.rows)

    def _cached_headers(self, copy: _Copy, *, hit: bool) -> Mapping[str, str]:
        headers = {"x-swift-savetime": http_date(copy.fetched), "x-swift-cachetime": str(CACHE_SECONDS)}
        age = {"age": str(int(self._clock.now() - copy.fetched))} if hit else {}
        return {**headers, **age, **_cache_headers("HIT" if hit else "MISS")}


def _covers(task: TaskView, row: RowView, url: str) -> bool:
    if row.status != COMPLETE:
        return False
    if task.object_type in _DIRECTORIES:
        return url.startswith(row.object_path)
    if task.object_type == "regex":
        return re.fullmatch(row.object_path, url) is not None
    wanted = url.partition("?")[0] if task.object_type == "ignoreparams" else url
    return task.object_type in {"file", "ignoreparams"} and row.object_path == wanted


def _cache_headers(result: str) -> Mapping[str, str]:
    """As the vendor's edges say it (docs/vendor.md 11.1)."""
    return {"x-cache": f"{result} TCP_{'MEM_HIT' if result == 'HIT' else 'MISS'} dirn:-2:-2", "server": "Tengine"}


def _response(request: Request, copy: _Copy, cached: Mapping[str, str]) -> Response:
    stored = copy.stored
    kept = {name: value for name, value in stored.content.headers.items() if name != "content-type"}
    headers = {**kept, "etag": stored.quoted_etag, "last-modified": http_date(stored.modified), **cached}
    is_head = request.method == "HEAD"
    return Response(
        200,
        b"" if is_head else stored.content.data,
        stored.content.headers["content-type"],
        headers,
        length=stored.size if is_head else None,
    )
