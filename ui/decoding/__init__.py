"""The pages Decoding and Beam search, and the filling of masks."""
