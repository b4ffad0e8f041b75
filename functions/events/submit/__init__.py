"""From a changed object to submitted refreshes and prefetches."""
