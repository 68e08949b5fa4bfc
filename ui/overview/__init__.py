"""The page Overview: the run from tokens to the next token."""
