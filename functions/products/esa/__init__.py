"""Alibaba Cloud ESA, API version 2024-09-10 (docs/vendor.md 9): tasks belong to sites, and no list knows a TaskId."""
