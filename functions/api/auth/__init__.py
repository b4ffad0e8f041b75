"""Who may ask: bearer tokens, the keys that sign them, and what their claims allow."""
