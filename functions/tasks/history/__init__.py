"""Tasks that were seen done, kept in the store: the vendor forgets them after three days."""
