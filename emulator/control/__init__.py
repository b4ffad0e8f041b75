"""The control API under `/_emulator/`: over HTTP, what tests do in Python."""
