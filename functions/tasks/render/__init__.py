"""From a task's rows to the task that the contract shows."""
