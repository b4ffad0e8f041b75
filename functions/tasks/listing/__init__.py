"""The verb `list`: one list over all products, newest first, page by page."""
