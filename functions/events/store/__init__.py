"""Where changes and their outcomes are kept: as documents under keys that are created at most once."""
