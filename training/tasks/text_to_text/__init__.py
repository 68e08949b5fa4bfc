"""Several tasks as text to text, as T5 learns."""
