"""The routes: each parses, asks, and renders; nothing else happens here."""
