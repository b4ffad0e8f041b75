"""Where changes and their outcomes are kept: an object store that creates a key at most once."""
