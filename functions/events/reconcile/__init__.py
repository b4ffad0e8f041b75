"""The timer's work: looking after every change until it is over."""
