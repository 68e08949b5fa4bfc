"""Generating text token by token: strategies, the loop, drafts, rewriting, beam search."""
