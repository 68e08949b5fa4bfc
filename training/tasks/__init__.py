"""What can be learned: each task, its evaluation and its card."""
