"""The benchmarks: what the issues set bars for, beside what a user would write today. Run by `make bench`."""
