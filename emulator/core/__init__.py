"""What every emulated service shares: HTTP over sockets, accounts, faults, latency, the call log."""
