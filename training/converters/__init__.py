"""Write a trained network so that `transformers` and Regard can open it. One module for each layout."""
