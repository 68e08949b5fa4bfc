"""From a folder, a shipped name or a hub id to a checkpoint ready to run."""
