"""The environment, read once at the start and checked there: a bad value stops the start with one line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from functions.accounts import Account, read_accounts
from functions.environment import (
    PREFIX,
    Environment,
    bucket_and_prefix,
    host_name,
    origin,
    redis_url,
    signing_secret,
    web_url,
    webhook_secret,
)
from functions.errors import SettingsError
from functions.model import split_account
from functions.products.registry import DEFAULT_PRODUCTS, OPTIONAL_PRODUCTS, PRODUCTS, SPECS
from functions.products.spec import ProductConfig, ProductSpec
from functions.upstream.endpoint import Endpoint, parse_endpoint
from functions.upstream.operation import Operation

FUNCTION_COMPUTE_VARIABLES = ("FC_FUNCTION_NAME", "FC_INSTANCE_ID", "FC_ACCOUNT_ID", "FC_REGION", "FC_FUNC_CODE_PATH")
"""Set by Function Compute alone: the prefix FC_ is reserved there (docs/function-compute.md 4.1)."""

_MAX_LIMIT = 1_000_000


class AuthSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask. `mode` is `jwt` or `none`; with `jwt` and nothing configured, nobody."""

    mode: str
    jwt_secret: str | None = None
    jwks: str | None = None
    audience: str | None = None
    issuer: str | None = None

    @property
    def configured(self) -> bool:
        """Whether there is something to verify tokens with."""
        return bool(self.jwt_secret or self.jwks)

    def __repr__(self) -> str:
        """Without the secret."""
        return f"AuthSettings(mode={self.mode!r}, configured={self.configured})"


class CallerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one caller may use of an instance; callers who cannot be told apart share ten times as much.

    `waits` and `ids` are bounds on what is open at the same time: waits and streams, and ids that are looked up.
    `lists_per_minute` bounds quota questions and jobs, too: each costs vendor calls.
    """

    waits: int = 100
    ids: int = 2_000
    lists_per_minute: int = 300
    urls_per_minute: int = 1_000
    urls_per_day: int = 10_000
    checks_per_minute: int = 30


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the environment decides.

    `account_qps` has the calls a second that an account may make, by an operation's `rate_setting`; what is not in it
    is what the vendor documents (the product's spec). `accounts` are those besides the function's own.
    """

    products: tuple[str, ...] = DEFAULT_PRODUCTS
    accounts: tuple[Account, ...] = ()
    endpoints: Mapping[str, Endpoint] = MappingProxyType({})
    account_qps: Mapping[str, float] = MappingProxyType({})
    quota_share: float = 0.8
    instances: int = 1
    fresh_seconds: float = 1.0
    deadline_seconds: float = 10.0
    timeout_seconds: float = 60.0
    doors: tuple[str, ...] = ("http", "events")
    auth: AuthSettings = AuthSettings(mode="none")
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    callers: CallerLimits = CallerLimits()
    submit: bool = False
    checks: tuple[str, ...] = ()
    keep_quota: float = 0.2
    shared: str | None = None
    rules_path: Path | None = None
    store: str | None = None
    webhook_url: str | None = None
    webhook_secret: bytes | None = None
    notify: str | None = None
    page_url: str | None = None
    upload_url: str | None = None
    log_level: str = "INFO"
    on_function_compute: bool = False
    region: str | None = None
    account_id: str | None = None

    @property
    def product_names(self) -> tuple[str, ...]:
        """Every product of every account, the function's own first."""
        return (*self.products, *(name for account in self.accounts for name in account.product_names))

    def endpoint_of(self, product: str) -> Endpoint | None:
        """Where a product is called, as far as that was set; in another account (`acme/cdn`) as in the own one."""
        account, own = split_account(product)
        there = next((each.endpoints for each in self.accounts if each.name == account), {})
        return there.get(own) or self.endpoints.get(own)

    def account_rate_of(self, operation: Operation) -> float:
        """Calls a second that all instances may make together: the account's limit x share."""
        return self.account_qps.get(operation.rate_setting or "", operation.qps) * self.quota_share

    def rate_of(self, operation: Operation) -> float:
        """Calls a second of an instance that stands for itself: that / instances."""
        return self.account_rate_of(operation) / self.instances

    def config_of(self, spec: ProductSpec) -> ProductConfig:
        """What is decided for one product."""
        slices = {operation.action: self.rate_of(operation) for operation in spec.operations}
        together = {operation.action: self.account_rate_of(operation) for operation in spec.operations}
        return ProductConfig(
            endpoint=self.endpoint_of(spec.name) or Endpoint(spec.endpoint),
            rates=together if self.shared else slices,
            slices=slices,
            fresh_seconds=self.fresh_seconds,
        )

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Settings(products={self.products!r}, doors={self.doors!r}, auth={self.auth!r}, submit={self.submit!r})"


def read_settings(environ: Mapping[str, str], *, on_function_compute: bool = False) -> Settings:
    """Settings from the environment. Raises SettingsError: the variable, the fault, an example, in one line.

    `on_function_compute` says that it is so, however little of the environment tells.
    """
    read = Environment(environ)
    on_fc = on_function_compute or any(environ.get(name) for name in FUNCTION_COMPUTE_VARIABLES)
    products = _products(read)
    return Settings(
        products=products,
        accounts=read_accounts(Path(environ[f"{PREFIX}ACCOUNTS"]), products) if read.has("ACCOUNTS") else (),
        endpoints={
            name: read.value(f"{name.upper()}_ENDPOINT", parse_endpoint, "http://127.0.0.1:9100")
            for name in (*PRODUCTS, "oss", "sts", "edge")
            if read.has(f"{name.upper()}_ENDPOINT")
        },
        account_qps=_account_qps(read),
        quota_share=read.number("QUOTA_SHARE", 0.8, 0.001, 1),
        instances=int(read.number("INSTANCES", 1, 1, 1_000, whole=True)),
        fresh_seconds=read.number("FRESH_SECONDS", 1, 0, 60),
        deadline_seconds=read.number("DEADLINE_SECONDS", 10, 0.1, 600),
        timeout_seconds=read.number("TIMEOUT_SECONDS", 60, 6, 86_400),
        doors=read.words("DOORS", ("http", "events"), allowed=("http", "events")),
        auth=_auth(read, on_fc=on_fc),
        cors_origins=read.words("CORS_ORIGINS", (), check=origin, example="https://www.example.com"),
        allowed_hosts=read.words("ALLOWED_HOSTS", (), check=host_name, example="status.example.internal"),
        callers=_caller_limits(read),
        submit=read.choice("SUBMIT", "off", ("on", "off")) == "on",
        checks=read.words("CHECKS", (), example="img.example.com=https://pics.oss-cn-hangzhou.aliyuncs.com"),
        keep_quota=read.number("KEEP_QUOTA", 0.2, 0, 1),
        shared=read.optional("SHARED", redis_url, "rediss://user:<password>@r-example.redis.rds.aliyuncs.com:6379/0"),
        rules_path=Path(environ[f"{PREFIX}RULES"]) if read.has("RULES") else None,
        store=read.optional("STORE", bucket_and_prefix, "oss://bucket/prefix"),
        webhook_url=read.optional("WEBHOOK_URL", web_url, "https://hooks.example.com/tasks"),
        webhook_secret=read.optional("WEBHOOK_SECRET", webhook_secret, "whsec_<base64 of 32 random bytes>"),
        notify=read.optional("NOTIFY", str, "dingtalk=https://oapi.dingtalk.com/robot/send?access_token=<token>"),
        page_url=read.optional("PAGE_URL", web_url, "https://status.example.com/"),
        upload_url=read.optional("UPLOAD_URL", web_url, "https://www.example.com/upload"),
        log_level=read.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        on_function_compute=on_fc,
        region=environ.get("FC_REGION") or None,
        account_id=environ.get("FC_ACCOUNT_ID") or None,
    )


def _products(read: Environment) -> tuple[str, ...]:
    names = read.words("PRODUCTS", DEFAULT_PRODUCTS, allowed=PRODUCTS)
    for name in names:
        if name in OPTIONAL_PRODUCTS and not SPECS[name].installed:
            raise SettingsError(
                f"{PREFIX}PRODUCTS: {name!r} needs an SDK that is not installed: make package EXTRA={name}, or pip"
                f" install -r requirements-{name}.txt. Example: {PREFIX}PRODUCTS={','.join(DEFAULT_PRODUCTS)}"
            )
    return names


def _caller_limits(read: Environment) -> CallerLimits:
    default = CallerLimits()
    return CallerLimits(
        waits=int(read.number("CALLER_WAITS", default.waits, 1, _MAX_LIMIT, whole=True)),
        ids=int(read.number("CALLER_IDS", default.ids, 1, _MAX_LIMIT, whole=True)),
        lists_per_minute=int(
            read.number("CALLER_LISTS_PER_MINUTE", default.lists_per_minute, 1, _MAX_LIMIT, whole=True)
        ),
        urls_per_minute=int(read.number("CALLER_URLS_PER_MINUTE", default.urls_per_minute, 1, _MAX_LIMIT, whole=True)),
        urls_per_day=int(read.number("CALLER_URLS_PER_DAY", default.urls_per_day, 1, _MAX_LIMIT, whole=True)),
        checks_per_minute=int(
            read.number("CALLER_CHECKS_PER_MINUTE", default.checks_per_minute, 1, _MAX_LIMIT, whole=True)
        ),
    )


def _account_qps(read: Environment) -> Mapping[str, float]:
    """The limit of every operation that can be set."""
    operations = (operation for spec in SPECS.values() for operation in spec.operations)
    limits = {each.rate_setting: each.qps for each in operations if each.rate_setting}
    return {name: read.number(f"{name}_QPS", limit, 0.01, 10_000) for name, limit in limits.items()}


def _auth(read: Environment, *, on_fc: bool) -> AuthSettings:
    auth = AuthSettings(
        mode="none",
        jwt_secret=read.optional("JWT_SECRET", signing_secret, "<32 random bytes or more>"),
        jwks=read.optional("JWKS", str, "https://id.example.com/.well-known/jwks.json"),
        audience=read.optional("JWT_AUDIENCE", str, "cdn-task-status"),
        issuer=read.optional("JWT_ISSUER", str, "https://id.example.com/"),
    )
    mode = read.choice("AUTH", "jwt" if on_fc or auth.configured else "none", ("jwt", "none"))
    if mode == "none" and auth.configured:
        # Who has configured a secret means it to be used: neither reading of this would be safe to guess.
        raise SettingsError(
            f"{PREFIX}AUTH: 'none' contradicts the configured {PREFIX}JWT_SECRET or {PREFIX}JWKS; unset one of them."
            f" Example: {PREFIX}AUTH=jwt"
        )
    return msgspec.structs.replace(auth, mode=mode)
