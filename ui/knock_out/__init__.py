"""The page Knock out: what changes without a part of the model."""
