"""Text to ids and labels, and the files that say how."""
