"""Train a model: `python -m training.train --model transformer-fr-en --corpus DIR --out runs/NAME`.

The same command resumes from the newest checkpoint. With `--hours` the learning rate falls over that time, however fast
the machine; without it, over the recipe's epochs. `OUT/curve.jsonl` holds the losses, a line every few steps.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm

from model.transformer import Dropout, Transformer
from training.batches import Batch, Examples, encode_examples, plan_epoch, read_batch
from training.checkpoints import Average, Progress, load_checkpoint, newest_checkpoint, save_checkpoint
from training.corpus import Corpus, Pair, read_corpus
from training.recipe import Recipe
from training.recipes import RECIPES
from training.tokenizer import save_tokenizer, train_tokenizer
from training.variants import FORMS, draw_forms, in_form

LOG_STEPS = 25
SAVE_SECONDS = 300.0
VALID_SECONDS = 600.0


@dataclass(frozen=True)
class Schedule:
    """How far a run is, from 0 to 1, and the learning rate there."""

    recipe: Recipe
    budget_seconds: float | None
    total_steps: int

    def share(self, progress: Progress) -> float:
        """The part of the budget that is spent: of time where there is a budget of time, else of steps."""
        spent = progress.step / self.total_steps
        return min(1.0, spent if self.budget_seconds is None else progress.seconds / self.budget_seconds)

    def rate(self, progress: Progress) -> float:
        """Linear warm-up over the recipe's steps, times a linear fall to zero over the whole run."""
        warm = min(1.0, (progress.step + 1) / self.recipe.warmup_steps)
        return self.recipe.peak_rate * warm * (1 - self.share(progress))


def build(recipe: Recipe) -> Transformer:
    """A network with fresh weights: Xavier for the linear maps, embeddings of unit size once they are scaled."""
    torch.manual_seed(recipe.seed)
    net = Transformer(recipe.config, dropout=Dropout(recipe.embedding_dropout, recipe.sublayer_dropout))
    for name, p in net.named_parameters():
        if p is net.tokens.weight:
            nn.init.normal_(p, std=recipe.config.d_model**-0.5)
        elif p.dim() == 2:
            nn.init.xavier_uniform_(p)
        elif name.endswith("bias"):
            nn.init.zeros_(p)
    return net


def batch_loss(net: Transformer, batch: Batch, *, smoothing: float) -> torch.Tensor:
    """Mean cross-entropy over the real target positions; the output head runs on those alone."""
    assert net.head is not None
    stream = net(batch.target_in, batch.source, real=batch.target_real, source_real=batch.source_real)
    logits = net.head(stream[batch.target_real])  # (real positions, vocab)
    return F.cross_entropy(logits.float(), batch.target_out[batch.target_real], label_smoothing=smoothing)


@torch.inference_mode()
def held_out_loss(net: Transformer, examples: Examples, tokenizer: Tokenizer, *, tokens: int) -> float:
    """Mean cross-entropy per token, without smoothing, on pairs as they are written."""
    device = net.tokens.weight.device
    rows = np.arange(examples.pairs)[np.argsort(examples.english.lengths[: examples.pairs])]
    total, count = 0.0, 0
    net.eval()
    for part in np.array_split(rows, max(1, len(rows) * 24 // tokens)):
        batch = read_batch(examples, np.stack([part, part]), tokenizer).to(device)
        real = int(batch.target_real.sum())
        total += float(batch_loss(net, batch, smoothing=0.0)) * real
        count += real
    net.train()
    return total / count


def run_tokenizer(run: Path, recipe: Recipe, sentences: Corpus, terms: Corpus) -> Tokenizer:
    """The run's tokenizer: read where it is there, else learnt from the training pairs in the forms an epoch draws."""
    path = run / "tokenizer.json"
    if path.exists():
        return Tokenizer.from_file(str(path))

    def texts() -> Iterator[str]:
        pairs: list[Pair] = [*sentences.train, *(terms.train * recipe.lexicon_copies)]
        forms, _ = draw_forms(len(pairs), np.random.default_rng(recipe.seed))
        for pair, form in zip(pairs, forms, strict=True):
            drawn = in_form(pair, FORMS[form])
            yield drawn.english
            yield drawn.french

    tokenizer = train_tokenizer(texts(), vocab_size=recipe.config.vocab_size)
    save_tokenizer(tokenizer, run)
    return tokenizer


class Trainer:
    """One run, from its newest checkpoint to the end of its budget."""

    def __init__(self, recipe: Recipe, run: Path, corpus: Path, device: torch.device, hours: float | None) -> None:
        self.recipe, self.run, self.device = recipe, run, device
        sentences, terms = read_corpus(corpus)
        self.tokenizer = run_tokenizer(run, recipe, sentences, terms)
        self.examples = encode_examples(self.tokenizer, sentences.train, terms.train, copies=recipe.lexicon_copies)
        self.held_out = encode_examples(self.tokenizer, sentences.valid, terms.valid, copies=1)
        self.net = build(recipe).to(device).train()
        self.average = Average(self.net, recipe.ema_decay)
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=0.0, betas=recipe.betas, weight_decay=recipe.weight_decay, fused=True
        )
        self.progress = Progress()
        if newest := newest_checkpoint(run):
            self.progress = load_checkpoint(newest, self.net, self.average, self.optimizer)
            print(f"resumed from {newest}: {self.progress}", flush=True)
        steps = len(self.plan(0)) * recipe.epochs
        self.schedule = Schedule(recipe, None if hours is None else hours * 3600, steps)
        self.log = (run / "curve.jsonl").open("a", encoding="utf-8", buffering=1)

    def plan(self, epoch: int) -> list[np.ndarray]:
        """The batches of an epoch."""
        return plan_epoch(self.examples, tokens=self.recipe.batch_tokens, seed=self.recipe.seed, epoch=epoch)

    def step(self, batch: Batch) -> torch.Tensor:
        """Learn from one batch; its loss, still on the device."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.progress)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            loss = batch_loss(self.net, batch, smoothing=self.recipe.label_smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.average.update(self.progress.step)
        return loss.detach()

    def record(self, figures: dict[str, float]) -> None:
        """Add a line to the curve."""
        p = self.progress
        line = {"step": p.step, "epoch": p.epoch, "seconds": round(p.seconds, 1), "rate": self.schedule.rate(p)}
        self.log.write(json.dumps(line | figures) + "\n")

    def validate(self) -> None:
        """Record the held-out loss of the averaged weights."""
        self.average.swap()
        loss = held_out_loss(self.net, self.held_out, self.tokenizer, tokens=self.recipe.batch_tokens)
        self.average.swap()
        self.record({"valid": round(loss, 4)})
        tqdm.write(f"step {self.progress.step}, epoch {self.progress.epoch}: held-out loss {loss:.4f}")

    def train(self) -> Path:
        """Train to the end of the budget; the last checkpoint."""
        bar = tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}", mininterval=5.0)
        saved = validated = self.progress.seconds
        losses: list[torch.Tensor] = []
        began = time.monotonic() - self.progress.seconds
        while self.schedule.share(self.progress) < 1:
            plan = self.plan(self.progress.epoch)
            while self.progress.batch < len(plan) and self.schedule.share(self.progress) < 1:
                batch = read_batch(self.examples, plan[self.progress.batch], self.tokenizer).to(self.device)
                losses.append(self.step(batch))
                self.progress.step += 1
                self.progress.batch += 1
                if self.progress.step % LOG_STEPS == 0:
                    loss = float(torch.stack(losses).mean())
                    losses.clear()
                    self.record({"loss": round(loss, 4)})
                    bar.set_postfix_str(f"step {self.progress.step}, epoch {self.progress.epoch}, loss {loss:.3f}")
                    bar.update(100 * self.schedule.share(self.progress) - bar.n)
                if self.progress.seconds - validated > VALID_SECONDS:
                    self.validate()
                    validated = self.progress.seconds
                self.progress.seconds = time.monotonic() - began
                if self.progress.seconds - saved > SAVE_SECONDS:
                    save_checkpoint(self.run, self.net, self.average, self.optimizer, self.progress)
                    saved = self.progress.seconds
            if self.progress.batch == len(plan):
                self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0
        self.validate()
        return save_checkpoint(self.run, self.net, self.average, self.optimizer, self.progress)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(RECIPES), default="transformer-fr-en")
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs")
    parser.add_argument("--out", type=Path, help="the run's folder (default: runs/MODEL)")
    parser.add_argument("--hours", type=float, help="the time to train for; default: the recipe's epochs")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's choice")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    run: Path = args.out or Path("runs") / args.model
    run.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(RECIPES[args.model], run, args.corpus, torch.device(args.device), args.hours)
    print(f"finished: {trainer.train()}")


if __name__ == "__main__":
    main()
