"""What instances share on a Redis server, so that any number of them act as one (docs/fleet.md).

Imported only where TASK_STATUS_SHARED is set: the client takes long to import.
"""
