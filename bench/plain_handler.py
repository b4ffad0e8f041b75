"""What a user would deploy today: the three clients imported at the top of a handler, made once, asked by TaskId.

Run as a script beside a `pip install -t` tree: `plain_handler.py ADDRESS TASK_ID` asks once and prints how many
modules that took. It has no HTTP server to start, which is in its favour.
"""

import sys

from alibabacloud_cdn20180510 import models
from alibabacloud_cdn20180510.client import Client as CdnClient
from alibabacloud_dcdn20180115.client import Client as DcdnClient
from alibabacloud_tea_openapi.utils_models import Config
from alibabacloud_vod20170321.client import Client as VodClient

_CONFIG = Config(
    access_key_id="emulator",
    access_key_secret="emulator",  # noqa: S106 -- the emulator's own
    endpoint=sys.argv[1],
    protocol="http",
    region_id="cn-shanghai",
)
CLIENTS = {"cdn": CdnClient(_CONFIG), "dcdn": DcdnClient(_CONFIG), "vod": VodClient(_CONFIG)}


def handler(task_id: str) -> int:
    """How many rows the task has."""
    request = models.DescribeRefreshTaskByIdRequest(task_id=task_id)
    return len(CLIENTS["cdn"].describe_refresh_task_by_id(request).body.tasks)


if __name__ == "__main__":
    if handler(sys.argv[2]) != 1:
        sys.exit("the task has one row")
    sys.stdout.write(f"{len(sys.modules)}\n")
    sys.stdout.flush()
    sys.stdin.read()  # whoever started it looks at its memory first
