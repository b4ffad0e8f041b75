"""The events function: OSS events in, the tasks of the changed objects out. No HTTP, no vendor's task API."""
