"""Writing token by token: strategies, the loop, drafts, rewriting and beam search."""
