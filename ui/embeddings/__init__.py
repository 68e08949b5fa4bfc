"""The page Embeddings and positions."""
