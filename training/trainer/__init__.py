"""The training loop, its optimisers, initial weights and checkpoints."""
