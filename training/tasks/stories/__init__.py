"""Continuing stories, as decoders and the LSTM learn."""
