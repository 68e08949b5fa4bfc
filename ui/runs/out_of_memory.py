"""Running out of memory as a sentence that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from model.errors import InputError

SAID_BY_TORCH = ("can't allocate memory", "not enough memory", "out of memory", "failed to allocate")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: torch raises a RuntimeError, whose text says it."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in SAID_BY_TORCH)


@contextmanager
def as_sentence(what: str) -> Iterator[None]:
    """Around work that may need more memory than there is: raises InputError that names the work, such as "this run"."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    else:
        return
    raise InputError(
        f"{what} needs more memory than is free: shorten the text, unload a model on the Models page, or choose a smaller one"
    )
