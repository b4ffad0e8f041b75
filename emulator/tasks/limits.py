"""What an account may use: calls per action in any sliding second, the day's quotas, the preload queue."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Container, Iterable, Mapping
from threading import Lock

import msgspec

from emulator.core.clock import Clock

DAY_SECONDS = 86_400
DAY_OFFSET_SECONDS = 8 * 3_600
"""The vendor's day begins at midnight UTC+8 (docs/vendor.md 2)."""
_EVERYBODY = "*"


class Quota(msgspec.Struct, frozen=True):
    """One kind of a day's quota."""

    total: int
    used: int = 0

    @property
    def remaining(self) -> int:
        """What is left today, never below 0."""
        return max(0, self.total - self.used)


class ProductLimits(msgspec.Struct, frozen=True):
    """A product's documented figures: calls a second by action, totals a day by kind, unfinished preloads."""

    qps: Mapping[str, int]
    quotas: Mapping[str, int]
    preload_queue: int


class Limits:
    """Limits as they are enforced now. Thread-safe. The figures hold for each account by itself."""

    def __init__(self, clock: Clock, documented: Mapping[str, ProductLimits], *, lifted: bool = False) -> None:
        """`documented` by product; `lifted` starts without any, and `restore` goes back to that start."""
        self._clock = clock
        self._documented = documented
        self._initially_lifted = lifted
        self._lock = Lock()
        self._windows: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.restore()

    def restore(self) -> None:
        """The figures and the emptiness of the start."""
        with self._lock:
            self._qps: dict[str, int | None] = {
                action: calls for product in self._documented.values() for action, calls in product.qps.items()
            }
            self._totals = {name: dict(product.quotas) for name, product in self._documented.items()}
            self._queues: dict[str, int | None] = {
                name: product.preload_queue for name, product in self._documented.items()
            }
            self._enforced = {(name, kind) for name, kinds in self._totals.items() for kind in kinds}
            self._used: defaultdict[tuple[str, str, str, int], int] = defaultdict(int)
            self._windows.clear()
        if self._initially_lifted:
            self.lift()

    def lift(self) -> None:
        """Bound neither calls a second nor quotas nor the queue, until one is set again.

        Ten ids a call, page sizes and the like remain: they are the protocol, not a limit.
        """
        with self._lock:
            self._qps = dict.fromkeys(self._qps)
            self._queues = dict.fromkeys(self._queues)
            self._enforced = set()

    def set_qps(self, action: str, calls_per_second: int | None) -> None:
        """Let an account call `action` that often in any sliding second; None: no limit. Raises KeyError."""
        _known(action, self._qps)
        self._qps[action] = calls_per_second

    def qps(self, action: str) -> int | None:
        """What holds for `action` now; None: no limit."""
        return self._qps.get(action)

    def admits(self, account: str, action: str) -> bool:
        """Whether one more call fits into the second that ends now; only calls let through are counted."""
        most = self.qps(action)
        if most is None:
            return True
        now = self._clock.now()
        with self._lock:
            window = self._windows[account, action]
            while window and window[0] <= now - 1.0:
                window.popleft()
            if len(window) >= most:
                return False
            window.append(now)
            return True

    def set_quota(self, product: str, kind: str, total: int, used: int = 0) -> None:
        """Set a day's total of `kind` (url, directory, regex, ...) and what every account has used of it today.

        Raises KeyError for a kind that the product does not have.
        """
        with self._lock:
            _known(kind, self._totals[_known(product, self._totals)])
            self._totals[product][kind] = total
            self._enforced.add((product, kind))
            for key in [key for key in self._used if key[1:3] == (product, kind)]:
                del self._used[key]
            self._used[_EVERYBODY, product, kind, self._day()] = used

    def quotas(self, account: str, product: str) -> dict[str, Quota]:
        """Every kind the product has, for this account today."""
        day, used = self._day(), self._used
        return {
            kind: Quota(
                total, used.get((_EVERYBODY, product, kind, day), 0) + used.get((account, product, kind, day), 0)
            )
            for kind, total in self._totals[product].items()
        }

    def spend(self, account: str, product: str, kind: str, amount: int) -> bool:
        """Take `amount` off today's quota; False, and nothing taken, when it does not suffice."""
        with self._lock:
            quota = self.quotas(account, product).get(kind)
            if (product, kind) in self._enforced and quota is not None and quota.remaining < amount:
                return False
            self._used[account, product, kind, self._day()] += amount
            return True

    def set_preload_queue(self, product: str, size: int) -> None:
        """How many unfinished preload rows an account may have. Raises KeyError for an unknown product."""
        self._queues[_known(product, self._queues)] = size

    def queue_takes(self, product: str, unfinished: int) -> bool:
        """Whether that many unfinished preload rows are allowed."""
        size = self._queues[product]
        return size is None or unfinished <= size

    def actions(self) -> Iterable[tuple[str, int | None]]:
        """Every action and its calls a second now."""
        return tuple(self._qps.items())

    def _day(self) -> int:
        return int((self._clock.now() + DAY_OFFSET_SECONDS) // DAY_SECONDS)


def _known(name: str, table: Container[str]) -> str:
    """A name that is in `table`: a limit set under a wrong name would never be enforced."""
    if name not in table:
        raise KeyError(name)
    return name
