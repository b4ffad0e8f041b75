"""Optional OpenTelemetry traces: a span for each request, and within it one for each vendor call.

They are on where OTEL_EXPORTER_OTLP_ENDPOINT is set; only then are OpenTelemetry's packages loaded. It reads that and
its other variables itself: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ .
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from functions.errors import SettingsError

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SERVICE = "cdn-task-status"
_provider: Any = None
_tracer: Any = None


class Span(Protocol):
    """One step of a trace, while it lasts."""

    def set_attribute(self, key: str, value: str | float) -> object:
        """Note a fact of it, by OpenTelemetry's names."""


class _NoSpan:
    def set_attribute(self, key: str, value: str | float) -> None:
        """Traces are off."""


_NO_SPAN = _NoSpan()


def configure(environ: Mapping[str, str]) -> None:
    """Switch traces on where an endpoint is set. Raises SettingsError when OpenTelemetry is not installed."""
    global _provider, _tracer  # noqa: PLW0603 -- like logging, tracing belongs to the process
    if environ.get(ENDPOINT):
        _provider = _new_provider(environ)
        _tracer = _provider.get_tracer(SERVICE)


def flush() -> None:
    """Send what has not been sent yet; it may block for seconds."""
    if _provider is not None:
        _provider.force_flush()


def _new_provider(environ: Mapping[str, str]) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 -- optional
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- optional
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 -- optional
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 -- optional
    except ImportError:
        raise SettingsError(
            f"{ENDPOINT}: traces need packages that are not installed: requirements-otel.txt lists them."
            " Example: make package EXTRA=otel"
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", SERVICE)}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


@contextmanager
def request_span(method: str, headers: Mapping[str, str]) -> Iterator[Span]:
    """The span of a request; it goes on with the trace that its `traceparent` header names."""
    if _tracer is None:
        yield _NO_SPAN
        return
    from opentelemetry.propagate import extract  # noqa: PLC0415 -- optional
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 -- optional

    attributes = {"http.request.method": method}
    with _tracer.start_as_current_span(
        method, extract(headers), SpanKind.SERVER, attributes, record_exception=False
    ) as span:
        yield span


@contextmanager
def call_span(product: str, action: str) -> Iterator[Span]:
    """The span of a call to the vendor, within that of the request that began it."""
    if _tracer is None:
        yield _NO_SPAN
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 -- optional

    attributes = {"rpc.system": "aliyun", "rpc.service": product, "rpc.method": action}
    # The text of an exception of the SDK may hold a signature (docs/vendor.md 7.6).
    with _tracer.start_as_current_span(
        action, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False
    ) as span:
        yield span
