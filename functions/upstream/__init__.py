"""Calls to the vendor: SDK client, HTTP session, rate limits, retries, batches and single flight, for any product."""
