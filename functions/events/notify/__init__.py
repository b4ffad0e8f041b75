"""Messages to those who want to know that a change is closed."""
