"""What Function Compute's triggers would do: OSS events and timer ticks, delivered to a function's `/invoke`."""
