"""Reading a product's list operation page by page."""
