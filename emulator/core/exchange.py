"""What the handling of every vendor call has in common: identify, inject faults, perform, log, delay."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from emulator.core.accounts import AccessKey, Accounts
from emulator.core.call_log import Call, CallLog
from emulator.core.clock import Clock
from emulator.core.errors import NO_HEADERS, ApiError, ErrorResponse
from emulator.core.fault_registry import FaultRegistry
from emulator.core.faults import Fault, is_unanswered
from emulator.core.http1_parser import Request
from emulator.core.latency import Latency
from emulator.core.responses import Response, Transmission, transmit

ANONYMOUS = AccessKey("", "", account="")


class Shared(msgspec.Struct, frozen=True):
    """The state that all services share."""

    clock: Clock
    accounts: Accounts
    faults: FaultRegistry
    latency: Latency
    calls: CallLog


class Exchange(ABC):
    """One call, from its arrival to its line in the call log; `product` and `action` are the names faults go by."""

    product: str
    action: str
    throttling: ErrorResponse

    def __init__(self, shared: Shared, request: Request, connection: int, request_id: str) -> None:
        """The call has just arrived."""
        self.shared = shared
        self.request = request
        self.request_id = request_id
        self.key = ANONYMOUS
        self.arrival = shared.clock.now()
        self._connection = connection
        self._number = shared.calls.next_number()

    @abstractmethod
    def authorize(self) -> None:
        """Find out whose `key` signed the call and whether it may be made. Raises ApiError."""

    @abstractmethod
    def perform(self) -> Response:
        """Do what is asked. Raises ApiError."""

    @abstractmethod
    def error(self, error: ErrorResponse) -> Response:
        """The error in the product's own format."""

    def common_headers(self) -> Mapping[str, str]:
        """Headers of every response, whoever made it."""
        return NO_HEADERS

    @abstractmethod
    def logged_params(self) -> dict[str, str]:
        """What the call log keeps of the request."""

    def run(self) -> Transmission | Awaitable[Transmission]:
        """How the call is answered; it is in the log once this returns, or what it returns has been awaited."""
        fault: Fault | None = None
        try:
            self.authorize()
            fault = self.shared.faults.take(self.action, self.product)
            response = self._response(fault)
        except ApiError as error:
            response = self.error(error.response)
        return self._complete(response, fault) if response.final is None else self._await(response.final, fault)

    async def _await(self, final: Callable[[], Awaitable[Response]], fault: Fault | None) -> Transmission:
        try:
            response = await final()
        except ApiError as error:
            response = self.error(error.response)
        return self._complete(response, fault)

    def _complete(self, response: Response, fault: Fault | None) -> Transmission:
        response = msgspec.structs.replace(response, headers={**self.common_headers(), **response.headers})
        self._log(response, unanswered=is_unanswered(fault))
        wait = self.shared.latency.draw(self.action, self.product)
        return fault.transmission(response, wait) if fault else transmit(response, wait)

    def _response(self, fault: Fault | None) -> Response:
        replacement = fault.replacement(self.throttling) if fault else None
        if isinstance(replacement, ErrorResponse):
            raise ApiError(replacement)
        return self.perform() if replacement is None else replacement

    def _log(self, response: Response, *, unanswered: bool) -> None:
        call = Call(
            number=self._number,
            at=self.arrival,
            product=self.product,
            action=self.action,
            params=self.logged_params(),
            access_key_id=self.key.id,
            account=self.key.account,
            status=0 if unanswered else response.status,
            code="" if unanswered else response.code,
            request_id=self.request_id,
            connection=self._connection,
        )
        self.shared.calls.append(call)
