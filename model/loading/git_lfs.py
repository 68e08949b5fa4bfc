"""Files that were never fetched: what git leaves in place of a large file is a pointer of three lines."""

from pathlib import Path

from model.errors import CheckpointError

FIRST = b"version https://git-lfs.github.com/spec/"


def refuse_pointer(path: Path) -> None:
    """Raises CheckpointError where the file is a git-lfs pointer; a file that cannot be opened is left to its reader."""
    try:
        with path.open("rb") as file:
            start = file.read(len(FIRST))
    except OSError:
        return
    if start == FIRST:
        raise CheckpointError(
            f"{path.name} is a git-lfs pointer, not the file itself: run git lfs pull in {path.parent}, then load it again"
        )
