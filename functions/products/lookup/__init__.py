"""Looking up tasks by TaskId: batching, caching, and the two ways the vendor can be asked."""
