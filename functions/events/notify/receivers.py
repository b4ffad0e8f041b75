"""The receivers that the settings name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from functions.errors import SettingsError
from functions.events.notify.dingtalk import DINGTALK
from functions.events.notify.feishu import FEISHU
from functions.events.notify.robot import Robot, RobotKind
from functions.events.notify.sender import Receiver
from functions.events.notify.webhook import webhook_of
from functions.events.notify.wecom import WECOM
from functions.logs.redaction import remember_secret
from functions.model import Clock
from functions.settings import Settings

ROBOTS: Mapping[str, RobotKind] = MappingProxyType(
    {"dingtalk": DINGTALK, "feishu": FEISHU, "lark": FEISHU, "wecom": WECOM}
)
_EXAMPLE = "dingtalk=https://oapi.dingtalk.com/robot/send?access_token=<token>&secret=<SEC…>"


def receivers_of(settings: Settings, documents: str, clock: Clock) -> tuple[Receiver, ...]:
    """The webhook and the robots; `documents` is the address of the store. Raises SettingsError, without secrets."""
    webhook = webhook_of(settings, documents, clock)
    return (*((webhook,) if webhook else ()), *_robots(settings, clock))


def _robots(settings: Settings, clock: Clock) -> Iterator[Robot]:
    """`TASK_STATUS_NOTIFY`: `kind=address` of each robot, separated by commas; a secret is the parameter `secret`."""
    names: set[str] = set()
    for number, entry in enumerate(filter(None, map(str.strip, (settings.notify or "").split(","))), 1):
        word, _, address = entry.partition("=")
        kind = ROBOTS.get(word.strip().lower())
        parts = urlsplit(address.strip())
        if kind is None or parts.scheme not in {"http", "https"} or not parts.netloc:
            # The entry is not shown: its address is a secret.
            fault = f"entry {number} must be one of {', '.join(ROBOTS)}, then = and the robot's address"
            raise SettingsError(f"TASK_STATUS_NOTIFY: {fault}. Example: TASK_STATUS_NOTIFY={_EXAMPLE}")
        name = word.strip().lower() if word not in names else f"{word}-{number}"
        names.add(name)
        parameters = parse_qsl(parts.query, keep_blank_values=True)
        remember_secret(parts.path.rpartition("/")[2], *(value for _, value in parameters))
        secret = next((value for key, value in parameters if key == "secret"), None)
        kept = urlencode([(key, value) for key, value in parameters if key != "secret"])
        yield Robot(name, kind, urlunsplit(parts._replace(query=kept)), secret, settings.page_url, clock)
