"""The verb `lookup`: fan-out over the products, the merged report, and waiting for changes."""
