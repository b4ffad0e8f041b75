"""Refresh and prefetch from scripts, and wait for the tasks: the command for cdn-task-status."""

__version__ = "0.1.0"
