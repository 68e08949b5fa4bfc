"""Time per token with everything recorded, compared with `transformers.generate` on the same weights.

`python -m benchmarks.decoding [--tokens N] [--rounds N] [--threads N] [--json FILE]` decodes the same ids greedily with both
libraries. Regard keeps every step's queries, keys, values, head outputs and sublayer outputs, as on the Decoding page;
`transformers` keeps nothing. A third measurement is `generate` with `output_attentions` and `output_hidden_states`, which is closer
to what Regard keeps. The models are all shipped ones that generate text, loaded by both libraries from the same folder (PaLM and
the LSTM do not exist in `transformers`), and GPT-2 small (12 layers, width 768, 50,257 tokens) with random weights. The end token
does not stop a text. Both libraries must generate the same ids, or the run ends with an error.

Rounds alternate, and every second round begins with the other library, so that other work on the machine affects both. One round of
each is a warm-up. "Ratio" is Regard's time divided by that of plain `generate` in the same round, the median of the rounds; the aim
is at most 1.0. It is given by wall-clock time and by processor time, with the lowest and highest round of the latter, which is the
more reliable one on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import transformers

import model
from model.language_model import LanguageModel

ZOO = Path(__file__).resolve().parents[1] / "model" / "zoo"
READS = {
    "transformer-fr-en": "Le chat noir dort sur le canapé rouge de Marie, et elle lit un livre.",
    "t5-fr-en": "translate French to English: Le chat noir dort sur le canapé rouge de Marie.",
    "bart-denoise": "A black cat is <mask> on the red couch of Mary.",
    "gpt-stories": "Once upon a time there was a little girl",
    "bloom-stories": "Once upon a time there was a little girl",
    "llama-stories": "Once upon a time there was a little girl",
    "jurassic-stories": "Once upon a time",
}
PROMPT = 16  # ids before the first token of GPT-2's shape


class DisagreementError(RuntimeError):
    """The two libraries wrote different ids from the same weights."""


@dataclass(frozen=True)
class Row:
    """Milliseconds a token, medians over the rounds."""

    shape: str
    tokens: int
    regard: float
    generate: float
    generate_with_outputs: float
    of_generate: float  # by the clock
    of_generate_processor: float  # by processor time
    lowest: float
    highest: float


@dataclass(frozen=True, eq=False)
class Contest:
    """One set of weights in both libraries, and what they decode."""

    shape: str
    lm: LanguageModel
    theirs: transformers.PreTrainedModel
    ids: list[int]
    tokens: int

    def regard(self) -> list[int]:
        return [step.token.id for step in self.lm.decode(self.ids, max_new_tokens=self.tokens, stop=())]

    def generate(self, outputs: bool = False) -> list[int]:
        with torch.inference_mode():
            found = self.theirs.generate(
                torch.tensor([self.ids]),
                attention_mask=torch.ones(1, len(self.ids), dtype=torch.long),
                max_new_tokens=self.tokens,
                min_new_tokens=self.tokens,
                do_sample=False,
                num_beams=1,
                eos_token_id=None,
                forced_eos_token_id=None,
                output_attentions=outputs,
                output_hidden_states=outputs,
                return_dict_in_generate=True,
            )
        return found.sequences[0, -self.tokens :].tolist()


def shipped(name: str, tokens: int) -> Contest:
    """A model that ships, by both libraries from its folder."""
    lm = model.load(name, device="cpu")
    auto = transformers.AutoModelForCausalLM if lm.kind == "decoder" else transformers.AutoModelForSeq2SeqLM
    theirs = auto.from_pretrained(ZOO / name, dtype=torch.float32).eval()
    return Contest(name, lm, theirs, lm.reading(READS[name]).ids, tokens)


def gpt2_small(folder: Path, tokens: int) -> Contest:
    """GPT-2 small's shape with random weights."""
    torch.manual_seed(0)
    config = transformers.GPT2Config()
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    theirs = transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.randint(0, config.vocab_size, (PROMPT,), generator=torch.Generator().manual_seed(1)).tolist()
    return Contest("GPT-2 small", model.load(folder, device="cpu"), theirs, ids, tokens)


def timed(write: Callable[[], list[int]]) -> tuple[float, float]:
    """Seconds of one decode, by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    write()
    return time.perf_counter() - clock, time.process_time() - processor


def compare(contest: Contest, rounds: int) -> Row:
    """Rounds in turn; DisagreementError where the ids differ."""
    ours, theirs = contest.regard(), contest.generate()
    if ours != theirs:
        at = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), len(theirs))
        raise DisagreementError(f"{contest.shape}: the two part at token {at} of {contest.tokens}")
    contest.generate(outputs=True)
    ways: dict[str, Callable[[], list[int]]] = {
        "regard": contest.regard,
        "generate": contest.generate,
        "outputs": lambda: contest.generate(outputs=True),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name in list(ways) if turn % 2 == 0 else list(reversed(ways)):
            times[name].append(timed(ways[name]))
    clock = {name: 1000 * statistics.median(c for c, _ in taken) / contest.tokens for name, taken in times.items()}
    pairs = list(zip(times["regard"], times["generate"], strict=True))
    processor = [ours[1] / theirs[1] for ours, theirs in pairs]
    return Row(
        contest.shape,
        contest.tokens,
        clock["regard"],
        clock["generate"],
        clock["outputs"],
        statistics.median(ours[0] / theirs[0] for ours, theirs in pairs),
        statistics.median(processor),
        min(processor),
        max(processor),
    )


def table(rows: list[Row]) -> str:
    """The table of the README in this folder."""
    lines = [
        "| Shape | tokens | Regard, ms a token | generate | generate with outputs | ratio | by processor time | its rounds |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.shape} | {row.tokens} | {row.regard:.2f} | {row.generate:.2f} | {row.generate_with_outputs:.2f} | "
        f"{row.of_generate:.2f} | {row.of_generate_processor:.2f} | {row.lowest:.2f} to {row.highest:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    transformers.logging.set_verbosity_error()
    rows = [compare(shipped(name, asked.tokens), asked.rounds) for name in READS]
    print(table(rows), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        rows.append(compare(gpt2_small(Path(folder), asked.tokens), asked.rounds))
    print(table(rows))
    if asked.json:
        machine = {"python": platform.python_version(), "torch": torch.__version__, "threads": asked.threads}
        machine["transformers"] = transformers.__version__
        asked.json.write_text(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=1))


if __name__ == "__main__":
    main()
