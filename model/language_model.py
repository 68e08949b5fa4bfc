"""The public model: a loaded checkpoint that runs and decodes."""

from collections.abc import Iterator, Sequence

import torch

from model.decoding.finite import check_finite
from model.decoding.loop import decode as _decode
from model.decoding.step import Step
from model.decoding.strategies import Greedy, Strategy
from model.edits import check_edits
from model.errors import InputError
from model.pretrained import Ids, Pretrained
from model.recording import Recording
from model.tap import KEPT, Edit, Keep, StackName, Tap
from model.tokenizers.tokens import Token
from model.trace import Trace, trace_of


class LanguageModel(Pretrained):
    """Runs and decodes. Safe to share between threads: every run's tensors belong to the run."""

    def run(
        self,
        x: str | Ids,
        *,
        target: str | Ids | None = None,
        pair: str | Ids | None = None,
        segments: Sequence[int] | None = None,
        edits: Sequence[Edit] = (),
        keep: Keep = "default",
    ) -> Trace:
        """One forward pass over a text, or over ids exactly as given, and the trace of it.

        A text gets the special tokens the checkpoint asks for. `target` is what the decoder of an encoder-decoder has read:
        a text gets its start token first and no end token; None is the start token alone. `pair` is a second sentence,
        `segments` the sentence number of each token. `edits` change tensors of this run, `keep` says which are kept.
        Raises InputError for an empty text, for ids or an edit out of range, for more tokens than the model has positions, and
        where the numbers outgrow the model's precision.
        """
        check_edits(self.config, tuple(edits))
        if keep not in KEPT:
            raise InputError(f"keep is {' or '.join(KEPT)}, not {keep!r}")
        reading = self.reading(x, pair, segments)
        recording = Recording()
        tap = Tap(recording, edits, keep)
        if self.kind != "encoder-decoder" and target is not None:
            raise InputError("only an encoder-decoder reads a target beside its source")
        with torch.inference_mode():
            if self.kind == "encoder-decoder":
                target_reading = self.target_reading(target)
                final = self.net(self.batch(target_reading), self.batch(reading), tap=tap)
                read: dict[StackName, tuple[Token, ...]] = {"encoder": reading.tokens, "decoder": target_reading.tokens}
            else:
                final = self.net(self.batch(reading), segments=self.segment_batch(reading), tap=tap)
                read = {"encoder" if self.kind == "encoder" else "decoder": reading.tokens}
        check_finite(self, final, recording)
        return trace_of(self, read, recording)

    def decode(
        self,
        x: str | Ids,
        *,
        target: str | Ids | None = None,
        strategy: Strategy = Greedy(),
        edits: Sequence[Edit] = (),
        max_new_tokens: int = 64,
        stop: Sequence[int] | None = None,
        draft: Sequence[int] = (),
        rules_off: Sequence[str] = (),
    ) -> Iterator[Step]:
        """Generates token by token. Each step has the token, the probabilities, and the trace of all tokens read so far.

        x is a decoder's prompt or an encoder-decoder's source, `target` the tokens generated before. `stop` are the ids
        that end the text (None: the checkpoint's own end tokens). `draft` are ids that are likely to come: they are read in
        one pass, which saves time, and change nothing in the result (`model/decoding/draft.py`).
        The rules of generation_config.json act before the strategy, but those named in `rules_off`. Raises InputError as `run`
        does, before the first step.
        """
        check_edits(self.config, tuple(edits))
        return _decode(
            self,
            x,
            target=target,
            strategy=strategy,
            edits=tuple(edits),
            max_new_tokens=max_new_tokens,
            stop=stop,
            draft=draft,
            rules_off=rules_off,
        )
