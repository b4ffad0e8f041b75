"""What each caller may use of the service, and how callers take turns."""
