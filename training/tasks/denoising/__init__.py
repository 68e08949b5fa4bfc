"""Restoring a corrupted text, as BART learns."""
