"""Browser components: each folder holds one, as a Python function, its script and its style.

A component is handed plain values and NumPy arrays and knows no model. Python sends one bytes payload (`payload.py`);
the browser answers with a small event, which is checked here before a page sees it.
"""
