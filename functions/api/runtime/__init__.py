"""What Function Compute's runtimes need: lifecycle hooks, the server, and the HTTP event adapter."""
