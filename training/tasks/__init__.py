"""Each training task, its evaluation and its card."""
