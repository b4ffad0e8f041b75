"""The vendor's products, one file each: how their tasks are looked up, listed and submitted, as data where possible."""
