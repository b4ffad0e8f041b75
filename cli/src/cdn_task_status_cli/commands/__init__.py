"""The five commands: ask, show, and say how it ended."""
