"""Logs the effective configuration at the start."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from functions.logs import log_event
from functions.settings import Settings

_KEY = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")


def log_start(settings: Settings, environ: Mapping[str, str]) -> None:
    """Log the effective settings, never a secret; a warning when nobody can be let in or no call can be signed."""
    credentials = _credentials(settings, environ)
    closed = settings.auth.mode == "jwt" and not settings.auth.configured
    log_event(
        "started",
        level=logging.WARNING if closed or credentials == "none" else logging.INFO,
        credentials=credentials,
        auth=f"{settings.auth.mode}, nothing configured" if closed else settings.auth.mode,
        keySet=settings.auth.jwks,
        products=settings.products,
        accounts=tuple(each.name for each in settings.accounts),
        endpoints={name: f"{each.protocol.lower()}://{each.host}" for name, each in settings.endpoints.items()},
        doors=settings.doors,
        submit=settings.submit,
        corsOrigins=settings.cors_origins,
        store=settings.store,
        rules=str(settings.rules_path) if settings.rules_path else None,
        webhook=settings.webhook_url is not None,
        instances=settings.instances,
        quotaShare=settings.quota_share,
        timeoutSeconds=settings.timeout_seconds,
        functionCompute=settings.on_function_compute,
        region=settings.region,
    )


def _credentials(settings: Settings, environ: Mapping[str, str]) -> str:
    """Where calls will be signed from."""
    if all(environ.get(name) for name in _KEY):
        return "environment"
    return "request headers" if settings.on_function_compute else "none"
