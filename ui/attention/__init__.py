"""The page Attention: all heads as thumbnails, and the chosen head in one of four views."""
