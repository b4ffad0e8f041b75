"""The look at tasks that CDN says are over, on behalf of other instances."""

from __future__ import annotations

from functions.errors import Reason, UpstreamFault
from functions.events.completed_tasks import CompletedTasks
from functions.events.parsing.events import TaskCompletion
from functions.settings import Settings
from tests.support.virtual_service import Account, instance_over
from tests.support.virtual_time import run

BY_ID = "DescribeRefreshTaskById"


def test_the_tasks_of_one_event_are_looked_up_together_and_those_of_products_that_are_off_are_not() -> None:
    async def main() -> Account:
        account = Account()
        completed = CompletedTasks(instance_over(account, Settings(products=("cdn",))), ("cdn",))
        await completed.look_up([TaskCompletion("dcdn", "1", "refresh")])
        await completed.look_up(
            [
                TaskCompletion("cdn", "1", "refresh"),
                TaskCompletion("cdn", "2", "refresh"),
                TaskCompletion("dcdn", "3", "refresh"),
            ]
        )
        return account

    assert [(action, parameters["TaskId"]) for action, parameters in run(main()).log] == [(BY_ID, "1,2")]


def test_what_the_vendor_refuses_is_left_to_those_who_wait() -> None:
    async def main() -> int:
        account = Account()
        account.faults[BY_ID] = UpstreamFault(Reason.DENIED, product="cdn")
        await CompletedTasks(instance_over(account), ("cdn",)).look_up([TaskCompletion("cdn", "1", "refresh")])
        return account.calls[BY_ID]

    assert run(main()) == 1
