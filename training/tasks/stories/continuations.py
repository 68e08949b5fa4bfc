"""What is counted in continuations: whether a name is mentioned again, and whether the text repeats itself."""

import re
from collections.abc import Sequence

LONGEST_CIRCLE = 20  # tokens
ROUNDS = 3
_NAME = re.compile(r"\s*([A-Z][a-z]+)")


def given_name(continuation: str) -> str | None:
    """The name at the beginning of a continuation of "... a little girl named"."""
    found = _NAME.match(continuation)
    return found.group(1) if found else None


def keeps_name(continuation: str) -> bool:
    """Whether the name at its beginning is mentioned again."""
    name = given_name(continuation)
    return name is not None and len(re.findall(rf"\b{name}\b", continuation)) > 1


def circles(ids: Sequence[int]) -> bool:
    """Whether a sequence of at most LONGEST_CIRCLE tokens occurs ROUNDS times in a row."""
    for length in range(1, LONGEST_CIRCLE + 1):
        same = 0  # tokens in a row that equal the one `length` places before
        for at in range(length, len(ids)):
            same = same + 1 if ids[at] == ids[at - length] else 0
            if same == (ROUNDS - 1) * length:
                return True
    return False
