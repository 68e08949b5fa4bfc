"""The page Prompting: what a prompt's parts change."""
