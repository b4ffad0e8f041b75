"""Long runs: what tests try a few times is tried thousands of times."""
