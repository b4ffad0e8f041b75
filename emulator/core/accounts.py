"""Who may call: access keys, the accounts behind them, and temporary (STS) triples that can expire."""

from __future__ import annotations

import hmac

import msgspec

DEFAULT_ACCOUNT = "emulator"


class AccessKey(msgspec.Struct, frozen=True, rename="camel"):
    """A key pair of an account; with a `token` it is an STS triple, over at `expires_at` (epoch s; None: never)."""

    id: str
    secret: str
    account: str = DEFAULT_ACCOUNT
    token: str | None = None
    expires_at: float | None = None

    def __repr__(self) -> str:
        """Secret and token stay out of any text."""
        return f"AccessKey(id={self.id!r}, account={self.account!r}, sts={self.token is not None})"

    def matches(self, token: str | None) -> bool:
        """Whether `token` is the security token that belongs to this key; None for a key without one."""
        if self.token is None or token is None:
            return self.token is token
        return hmac.compare_digest(self.token.encode(), token.encode())

    def is_expired(self, now: float) -> bool:
        """Whether the security token is over at `now` (epoch s)."""
        return self.expires_at is not None and now >= self.expires_at


DEFAULT_KEY = AccessKey("emulator", "emulator")


class Accounts:
    """The keys that are accepted. Thread-safe: changes replace the table whole."""

    def __init__(self, keys: tuple[AccessKey, ...] = (DEFAULT_KEY,)) -> None:
        """`keys` are accepted from the start, and again after `reset`."""
        self._initial = {key.id: key for key in keys}
        self._keys = dict(self._initial)

    def get(self, key_id: str) -> AccessKey | None:
        """The key of that id, or None."""
        return self._keys.get(key_id)

    def add(self, key: AccessKey) -> None:
        """Accept `key`; one of the same id is replaced (a triple rotates)."""
        self._keys = {**self._keys, key.id: key}

    def remove(self, key_id: str) -> None:
        """Accept that key no longer."""
        self._keys = {name: key for name, key in self._keys.items() if name != key_id}

    def expire(self, key_id: str) -> None:
        """Let that triple's token be over from now on. Raises KeyError for an unknown id."""
        self.add(msgspec.structs.replace(self._keys[key_id], expires_at=0.0))

    def reset(self) -> None:
        """Back to the keys of the start."""
        self._keys = dict(self._initial)
