"""What makes a product's lookups those of all instances: answers and calls shared on a server (docs/fleet.md)."""
