"""The pages Models and Architectures."""
