"""Translation from Korean."""
