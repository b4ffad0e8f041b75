"""The timer's work: follow every open change until it is over."""
