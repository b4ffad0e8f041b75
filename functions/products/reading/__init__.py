"""Reading the vendor's answers: task rows in any of its shapes, its words, and quotas."""
