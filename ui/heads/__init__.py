"""The page Heads: what each head does."""
