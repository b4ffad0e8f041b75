"""The timer's work: look after every open change until it is over."""
