"""How a trained network is written so that `transformers`, and Regard, open it: one module a layout."""
