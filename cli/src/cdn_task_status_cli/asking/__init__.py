"""Asking the service: one exchange, many of them, and what its answers mean."""
