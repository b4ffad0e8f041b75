"""From what a caller wrote to a checked query: every fault is found, not only the first."""
