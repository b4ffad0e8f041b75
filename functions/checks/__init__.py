"""Is it fresh? Whether the edge serves what the origin has, and if not, which refresh is to blame."""
