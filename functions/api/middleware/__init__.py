"""What every request passes through, in this order from the outside in: server.py lists it."""
