"""The handlers that s.builtin.yaml names: `index.http` and `index.oss` for the built-in runtime python3.12."""

# ruff: noqa: INP001 -- a root module of the artifact; here it lies in no package

from functions.handlers import http, oss

__all__ = ["http", "oss"]
