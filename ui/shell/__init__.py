"""The top of every page: model, text, what it came to, and what is wrong with it."""
