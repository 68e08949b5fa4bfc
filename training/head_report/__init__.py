"""What the heads of a shipped model do on held-out text."""
