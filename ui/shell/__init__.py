"""The top of every page: the pickers of model and text, the tokens, and warnings."""
