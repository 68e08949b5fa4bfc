"""Runs whose numbers overflow end with a sentence that names the layer, the precision and what to do."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from model.errors import InputError
from model.pretrained import Pretrained, precision_advice
from model.recording import Recording
from model.tap import Place, Site, StackName

STACKS: tuple[StackName, ...] = ("encoder", "decoder")


def check_finite(lm: Pretrained, final: Tensor, *recordings: Recording) -> None:
    """Raises InputError where a final stream is not finite, which is looked at in one small tensor; the layer that made it so
    is looked for in the recordings, in the order of the forward pass."""
    if bool(final.isfinite().all()):
        return
    where = next((name for name, x in _passed(lm, recordings) if not bool(x.isfinite().all())), "the last norm")
    raise InputError(f"the numbers of this run are not finite after {where}: {precision_advice(lm.dtype)}")


def _passed(lm: Pretrained, recordings: Sequence[Recording]) -> Iterator[tuple[str, Tensor]]:
    """(what made it, rows) of each stream of a pass."""
    for stack in STACKS:
        made = f"the embeddings of the {stack}"
        sites: list[tuple[Place, Site]] = [(Place(stack, i), "stream") for i in range(lm.config.layers(stack))]
        for i, (place, site) in enumerate([*sites, (Place(stack), "leaving")]):
            held = (recording.rows(place, site, recording.step) for recording in recordings)
            yield from ((made, rows) for rows in held if rows is not None)
            made = f"layer {i} of the {stack}"
