"""What a user would write today: the official SDKs' typed calls, one per id, in sequence or gathered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from alibabacloud_cdn20180510 import models as cdn_models
from alibabacloud_cdn20180510.client import Client as CdnClient
from alibabacloud_dcdn20180115 import models as dcdn_models
from alibabacloud_dcdn20180115.client import Client as DcdnClient
from alibabacloud_tea_openapi.utils_models import Config
from alibabacloud_vod20170321 import models as vod_models
from alibabacloud_vod20170321.client import Client as VodClient
from Tea.exceptions import TeaException

from bench.account import KEY_ID

Made = tuple[Callable[[str], Any], Callable[[str], Awaitable[Any]]]


class Outcome(msgspec.Struct, frozen=True):
    """How a number of calls went."""

    seconds: float
    calls: int
    failed: int


class TypedCalls:
    """The three clients as their documentation shows them."""

    def __init__(self, address: str, key: str = KEY_ID) -> None:
        """Over an emulator at `address`, whose keys have secrets like their ids."""
        config = Config(
            access_key_id=key,
            access_key_secret=key,
            endpoint=address,
            protocol="http",
            region_id="cn-shanghai",
        )
        cdn, dcdn, vod = CdnClient(config), DcdnClient(config), VodClient(config)
        self._calls: dict[str, Made] = {
            "cdn": (
                lambda i: cdn.describe_refresh_task_by_id(cdn_models.DescribeRefreshTaskByIdRequest(task_id=i)),
                lambda i: cdn.describe_refresh_task_by_id_async(cdn_models.DescribeRefreshTaskByIdRequest(task_id=i)),
            ),
            "dcdn": (
                lambda i: dcdn.describe_dcdn_refresh_task_by_id(
                    dcdn_models.DescribeDcdnRefreshTaskByIdRequest(task_id=i)
                ),
                lambda i: dcdn.describe_dcdn_refresh_task_by_id_async(
                    dcdn_models.DescribeDcdnRefreshTaskByIdRequest(task_id=i)
                ),
            ),
            "vod": (
                lambda i: vod.describe_vod_refresh_tasks(vod_models.DescribeVodRefreshTasksRequest(task_id=i)),
                lambda i: vod.describe_vod_refresh_tasks_async(vod_models.DescribeVodRefreshTasksRequest(task_id=i)),
            ),
        }

    def in_sequence(self, ids: Sequence[str]) -> Outcome:
        """One call per qualified id, one after the other; goes on after a failed one."""
        started = time.perf_counter()
        failed = sum(not self._succeeds(qualified) for qualified in ids)
        return Outcome(time.perf_counter() - started, len(ids), failed)

    async def gathered(self, ids: Sequence[str]) -> Outcome:
        """One async call per qualified id, all at once."""
        started = time.perf_counter()
        answers = await asyncio.gather(*(self._call_async(qualified) for qualified in ids), return_exceptions=True)
        failed = sum(isinstance(answer, BaseException) for answer in answers)
        return Outcome(time.perf_counter() - started, len(ids), failed)

    def _succeeds(self, qualified: str) -> bool:
        product, _, task_id = qualified.partition(":")
        try:
            self._calls[product][0](task_id)
        except TeaException:
            return False
        return True

    async def _call_async(self, qualified: str) -> Any:
        product, _, task_id = qualified.partition(":")
        return await self._calls[product][1](task_id)
