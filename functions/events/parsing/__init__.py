"""What Function Compute delivers, read into typed values."""
