"""What the model cards of all tasks share."""


def cell(text: str) -> str:
    """Text fit for a table cell."""
    return text.replace("|", "\\|").replace("\n", " ")
