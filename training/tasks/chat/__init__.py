"""A decoder that answers one question at a time."""
