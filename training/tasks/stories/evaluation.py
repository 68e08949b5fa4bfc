"""Measure a model that continues stories: `python -m training.tasks.stories.evaluation --model gpt-stories --corpus DIR`.

Writes RUN/evaluation.json: bits per byte on the test stories, and unselected continuations.
"""

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from model.network import Network
from training.data.stories import END_OF_STORY, read_stories, utf8_bytes
from training.data.story_tokenizers import MAX_POSITIONS
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tasks.stories.continuations import circles, keeps_name
from training.tasks.stories.task import IGNORED, encode_stories, next_token_loss, padded
from training.trainer.checkpoints import newest_checkpoint, read_progress, trained

PROMPTS = ("Once upon a time, there was a little girl named",)
SAMPLES = 4
COUNTED = 50  # continuations in which names and circles are counted
NEW_TOKENS, TEMPERATURE, TOP_P = 60, 0.8, 0.95
EXAMPLES = 4


@dataclass(frozen=True)
class Sampled:
    """A continuation drawn at temperature 0.8 and top-p 0.95 with a stated seed."""

    prompt: str
    continuation: str
    seed: int


@dataclass(frozen=True)
class StoriesMeasured:
    """Every figure the card states."""

    step: int
    epochs: float
    seconds: float
    train_stories: int
    train_bytes: int
    test_stories: int
    test_bytes: int
    test_tokens: int
    nats: float  # summed over the test stories, the end of each included
    samples: tuple[Sampled, ...]
    counted: int
    name_kept: int  # of the continuations counted
    circling: int

    @property
    def bits_per_byte(self) -> float:
        """What a byte of the test stories costs: -log2 p summed over documents, divided by their UTF-8 bytes."""
        return self.nats / math.log(2) / self.test_bytes

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "StoriesMeasured":
        """What `write` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(**found | {"samples": tuple(Sampled(**sample) for sample in found["samples"])})


def stretches(story: np.ndarray, positions: int = MAX_POSITIONS) -> list[np.ndarray]:
    """A story longer than the positions there are, read in stretches; each but the first begins with the last token of the
    one before it, so that every token is predicted once."""
    return [story[first : first + positions + 1] for first in range(0, len(story) - 1, positions)]


def total_nats(net: nn.Module, stories: list[np.ndarray], device: torch.device) -> tuple[float, int]:
    """(-log p in nats, tokens predicted) summed over stories, each read from its start token alone."""
    parts = sorted((part for story in stories for part in stretches(story)), key=len)
    nats, tokens = 0.0, 0
    for first in range(0, len(parts), 16):
        rows = parts[first : first + 16]
        inputs, targets = padded(rows, max(len(row) for row in rows) - 1)
        count = int((targets != IGNORED).sum())
        nats += float(next_token_loss(net, inputs, targets, device)) * count
        tokens += count
    return nats, tokens


def nucleus(logits: torch.Tensor, generator: torch.Generator) -> int:
    """One id drawn at TEMPERATURE from the fewest tokens that hold TOP_P of the probability (Holtzman et al. 2020)."""
    probabilities, order = (logits.float() / TEMPERATURE).softmax(-1).sort(descending=True)
    kept = probabilities.cumsum(-1) - probabilities < TOP_P
    drawn = torch.multinomial(torch.where(kept, probabilities, 0.0), 1, generator=generator)
    return int(order[drawn])


def continued(net: Network, tokenizer: Tokenizer, prompt: str, seed: int) -> list[int]:
    """The ids that follow a prompt: NEW_TOKENS, or fewer where the story ends."""
    assert net.head is not None
    generator = torch.Generator().manual_seed(seed)
    ids = tokenizer.encode(prompt).ids
    first, end = len(ids), tokenizer.token_to_id(END_OF_STORY)
    while len(ids) < first + NEW_TOKENS:
        chosen = nucleus(net.head(net(torch.tensor([ids]))[0, -1]), generator)
        if chosen == end:
            break
        ids.append(chosen)
    return ids[first:]


@torch.inference_mode()
def evaluate(recipe: Recipe, checkpoint: Path, corpus: Path) -> StoriesMeasured:
    """Bits per byte and samples."""
    tokenizer = Tokenizer.from_file(str(checkpoint.parent / "tokenizer.json"))
    device = torch.device("cpu")
    net = trained(recipe, checkpoint, device)
    stories = read_stories(corpus)
    nats, tokens = total_nats(net, encode_stories(tokenizer, stories.test), device)
    openings = [" ".join(story.split()[:8]) for story in stories.test[:: len(stories.test) // EXAMPLES][:EXAMPLES]]
    prompts = [(prompt, seed) for prompt in PROMPTS for seed in range(SAMPLES)] + [(text, 0) for text in openings]
    new = {(prompt, seed): continued(net, tokenizer, prompt, seed) for prompt, seed in prompts}
    counted = [continued(net, tokenizer, PROMPTS[0], seed) for seed in range(COUNTED)]
    progress = read_progress(checkpoint)
    return StoriesMeasured(
        step=progress.step,
        epochs=round(progress.epochs, 2),
        seconds=round(progress.seconds, 1),
        train_stories=len(stories.train),
        train_bytes=utf8_bytes(stories.train),
        test_stories=len(stories.test),
        test_bytes=utf8_bytes(stories.test),
        test_tokens=tokens,
        nats=round(nats, 2),
        samples=tuple(Sampled(prompt, tokenizer.decode(ids), seed) for (prompt, seed), ids in new.items()),
        counted=COUNTED,
        name_kept=sum(keeps_name(tokenizer.decode(ids)) for ids in counted),
        circling=sum(circles(ids) for ids in counted),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(n for n, r in RECIPES.items() if r.task == "continue"), required=True)
    parser.add_argument("--run", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the stories")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's choice")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run: Path = args.run or Path("runs") / args.model
    checkpoint = newest_checkpoint(run)
    if checkpoint is None:
        raise SystemExit(f"{run} holds no checkpoint yet")
    measured = evaluate(RECIPES[args.model], checkpoint, args.corpus)
    measured.write(run / "evaluation.json")
    print(f"{args.model}: {measured.bits_per_byte:.4f} bits per byte after {measured.step} steps")
    print(
        f"of {measured.counted} continuations {measured.name_kept} say the name again, {measured.circling} go in circles"
    )
    for sample in measured.samples:
        print(f"[{sample.seed}] {sample.prompt}|{sample.continuation}\n")


if __name__ == "__main__":
    main()
