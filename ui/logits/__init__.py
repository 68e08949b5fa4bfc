"""The page Logits: probabilities at every position."""
