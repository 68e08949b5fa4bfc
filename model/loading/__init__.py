"""Loading checkpoints from a folder, a shipped name or a hub id."""
