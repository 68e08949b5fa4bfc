"""A grammar that generates simple Korean sentences with their English translations."""
