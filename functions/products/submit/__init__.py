"""Submitting URLs to a product: batches, limits, and what a refusal means."""
