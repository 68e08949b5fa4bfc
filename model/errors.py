"""The two errors of this package. Both carry a sentence that a page shows as it is."""

LONGEST = 1000  # characters


class InputError(ValueError):
    """The request does not fit the model: an empty text, an id outside the vocabulary, a head that does not exist."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read exactly as it computes; names the file, tensor or key at fault, on one line.

    The names come from the checkpoint: unprintable characters are replaced, and a sentence that is too long loses its middle.
    """

    def __init__(self, sentence: str) -> None:
        line = "".join(c if c.isprintable() else "\ufffd" for c in sentence)
        half = LONGEST // 2 - 1
        super().__init__(line if len(line) <= LONGEST else f"{line[:half]}…{line[-half:]}")


def first_line(error: BaseException) -> str:
    """The first line of another library's error, fit for a sentence."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
