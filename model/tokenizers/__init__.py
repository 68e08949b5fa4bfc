"""Tokenizers: from text to ids and labels, and the files that define them."""
