"""One attention head as a map: what it shows, and what can be chosen about it."""
