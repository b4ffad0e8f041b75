"""Submitting the refreshes and prefetches of changed objects."""
