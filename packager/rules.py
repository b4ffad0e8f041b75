"""What a function's description must hold to, beyond fc3's own schema.

That schema looks neither inside triggers nor at unknown keys, and `s deploy` goes on when it is broken
(docs/function-compute.md 7.4).
Every rule takes one function's props and yields its faults as sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from functions.environment import PREFIX
from functions.errors import SettingsError
from functions.settings import Settings, read_settings
from packager.build import DEPLOYED_AT, ROOT

Props = Mapping[str, Any]
Rule = Callable[[Props], Iterator[str]]

MAX_ENV_BYTES = 4096
MAX_PRE_STOP_SECONDS = 90
MAX_EVENT_AGE_SECONDS = 604_800
"""The vendor's API; fc3's schema would let more pass (docs/function-compute.md 6)."""
MAX_GIB_PER_CPU = 4
RESET_WHEN_OMITTED = frozenset(
    {"environmentVariables", "layers", "vpcConfig", "logConfig", "tracingConfig", "nasConfig", "ossMountConfig"}
)
"""What fc3 sets back to nothing when a file does not say it."""
_REQUIRED = RESET_WHEN_OMITTED | {
    *("region", "functionName", "runtime", "code", "handler", "role", "cpu", "memorySize", "diskSize", "timeout"),
    *("concurrencyConfig", "internetAccess", "triggers"),
}
_ALLOWED = _REQUIRED | {
    *("description", "customRuntimeConfig", "instanceConcurrency", "instanceLifecycleConfig", "asyncInvokeConfig"),
    *("scalingConfig", "provisionConfig", "tags", "customDomain", "vpcBinding", "customDNS"),
}
BUILT_IN_REGIONS = frozenset(
    {
        *("cn-hangzhou", "cn-shanghai", "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-shenzhen"),
        *("cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-northeast-2", "ap-southeast-7", "eu-central-1"),
        *("eu-west-1", "us-east-1", "us-west-1"),
    }
)
"""Where python3.12 is offered as a built-in runtime (docs/function-compute.md 1.1)."""
ROLE = re.compile(r"acs:ram::\d{16}:role/[a-z0-9.-]+")
"""A full ARN in lower case: fc3 needs no account to read it and cannot change it."""
_ACCOUNTS = f"{PREFIX}ACCOUNTS"
_ENV_NAME = re.compile(r"(?!FC_)[A-Za-z][A-Za-z0-9_]*")


class SeenSettings(dict[str, str]):
    """An environment that remembers which of its names were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` are what the function's description sets."""
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """Note the name, then what a dict does."""
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        """Note the name, then what a dict does."""
        self.asked.add(key)
        return super().__getitem__(key)


def settings_of(props: Props) -> Settings:
    """What the function will read from its environment. Raises SettingsError."""
    environment = dict(props["environmentVariables"])
    if path := environment.get(_ACCOUNTS):
        environment[_ACCOUNTS] = path.replace(DEPLOYED_AT, str(ROOT / "deploy"))  # as it will be packed
    return read_settings({**environment, "FC_FUNCTION_NAME": props["functionName"]})


def _keys(props: Props) -> Iterator[str]:
    for key in sorted(_REQUIRED - props.keys()):
        yield f"{key} is missing"
    for key in sorted(props.keys() - _ALLOWED):
        yield f"{key} is no property of a function"


def _environment(props: Props) -> Iterator[str]:
    environment = props.get("environmentVariables", {})
    for name, value in environment.items():
        if not isinstance(value, str):
            yield f"environmentVariables.{name} must be a string: quote it"
        if not _ENV_NAME.fullmatch(name):
            yield f"environmentVariables.{name} is no name that Function Compute takes"
    size = sum(len(f"{name}{value}".encode()) for name, value in environment.items())
    if size > MAX_ENV_BYTES:
        yield f"environmentVariables take {size} bytes, more than {MAX_ENV_BYTES}"


def _settings(props: Props) -> Iterator[str]:
    environment = props.get("environmentVariables", {})
    if any(not isinstance(value, str) for value in environment.values()):
        return  # said already
    seen = SeenSettings(environment)
    try:
        settings = read_settings(seen)
    except SettingsError as fault:
        yield str(fault)
        return
    for name in sorted(name for name in environment if name.startswith(PREFIX) and name not in seen.asked):
        yield f"{name} is no setting of this function"
    if (
        "http" in settings.doors
        and settings.auth.mode == "jwt"
        and not (settings.auth.jwt_secret or settings.auth.jwks)
    ):
        yield f"nobody could ask: set {PREFIX}JWT_SECRET or {PREFIX}JWKS"
    if settings.timeout_seconds != props.get("timeout"):
        yield f"{PREFIX}TIMEOUT_SECONDS must be the function's timeout, {props.get('timeout')}"
    if settings.instances != props.get("concurrencyConfig", {}).get("reservedConcurrency"):
        yield f"{PREFIX}INSTANCES must be the cap on instances, concurrencyConfig.reservedConcurrency"


def _runtime(props: Props) -> Iterator[str]:
    custom = str(props.get("runtime", "")).startswith("custom")
    port = props.get("customRuntimeConfig", {}).get("port")
    if custom and port != 9000:  # noqa: PLR2004 -- works in every region (docs/function-compute.md 3.1)
        yield "customRuntimeConfig.port must be 9000"
    if not custom and "customRuntimeConfig" in props:
        yield "customRuntimeConfig is for custom runtimes"
    if not custom and props.get("instanceConcurrency", 1) != 1:
        yield "instanceConcurrency has no effect on built-in runtimes"
    if not custom and props.get("region") not in BUILT_IN_REGIONS:
        yield f"{props.get('runtime')} is not offered in {props.get('region')}"
    gib = props.get("memorySize", 0) / 1024
    if not props.get("cpu", 0) <= gib <= MAX_GIB_PER_CPU * props.get("cpu", 0):
        yield "memorySize must be 1 to 4 GB for each cpu"


def _role(props: Props) -> Iterator[str]:
    if not ROLE.fullmatch(str(props.get("role"))):
        yield "role must be a full ARN in lower case, acs:ram::<account>:role/<name>"


def _hooks(props: Props) -> Iterator[str]:
    for name, hook in props.get("instanceLifecycleConfig", {}).items():
        if hook.get("handler") and hook.get("command"):
            yield f"instanceLifecycleConfig.{name} takes a handler or a command, not both"
        if name == "preStop" and hook.get("timeout", 0) > MAX_PRE_STOP_SECONDS:
            yield f"instanceLifecycleConfig.preStop.timeout is at most {MAX_PRE_STOP_SECONDS}"


def _scaling(props: Props) -> Iterator[str]:
    if "scalingConfig" in props and "provisionConfig" in props:
        yield "scalingConfig and provisionConfig exclude each other"
    if props.get("asyncInvokeConfig", {}).get("maxAsyncEventAgeInSeconds", 1) > MAX_EVENT_AGE_SECONDS:
        yield f"asyncInvokeConfig.maxAsyncEventAgeInSeconds is at most {MAX_EVENT_AGE_SECONDS}"


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "keys": _keys,
        "environment": _environment,
        "settings": _settings,
        "runtime": _runtime,
        "role": _role,
        "hooks": _hooks,
        "scaling": _scaling,
    }
)
