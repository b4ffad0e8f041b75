"""The vendor's products: one file each, the same verbs; what differs between them is data."""
