"""Writes the TypeScript declarations of the JavaScript client; not deployed."""
