"""The benchmarks: figures with bars, beside what a user would write today. Run by `make bench`."""
