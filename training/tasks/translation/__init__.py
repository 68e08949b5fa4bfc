"""Translation from sentence pairs."""
