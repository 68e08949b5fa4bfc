"""Filling masks and telling sentence order, as BERT learns."""
