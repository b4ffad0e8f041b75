"""Submits URLs to a product: batches, limits per domain, and the reasons of rejections."""
