"""What a person or a log sees."""
