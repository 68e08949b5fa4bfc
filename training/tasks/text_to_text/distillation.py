"""Translations of the training sentences by the shipped translator, as targets for a smaller model.

Sequence-level knowledge distillation (Kim and Rush 2016): a corpus has several translations of one sentence, a teacher has
one, which is easier to learn. `python -m training.tasks.text_to_text.distillation --corpus DIR --out runs/NAME` writes
RUN/taught.jsonl; it can be stopped and resumed.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tqdm import tqdm

import model
from training.data.translation_pairs import Pair, read_corpus
from training.tasks.translation.translate import translate

TEACHER = "transformer-fr-en"
CHUNK = 2_048


def read_taught(run: Path) -> dict[str, str]:
    """The translations made so far, by sentence."""
    path = run / "taught.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(json.loads(line) for line in lines)


def teach(sentences: Iterable[str], run: Path) -> None:
    """Translate the sentences that are not in RUN/taught.jsonl yet. Each chunk is written as soon as it is done."""
    lm = model.load(TEACHER, device="cpu", dtype="float32")
    tokenizer = Tokenizer.from_file(str(Path(lm.source.path) / "tokenizer.json"))
    left = sorted(set(sentences) - read_taught(run).keys(), key=lambda text: (len(text), text))
    with (run / "taught.jsonl").open("a", encoding="utf-8") as file:
        for first in tqdm(range(0, len(left), CHUNK), unit="chunk"):
            chunk = left[first : first + CHUNK]
            outputs = translate(lm.net, tokenizer, chunk)
            file.writelines(json.dumps(pair, ensure_ascii=False) + "\n" for pair in zip(chunk, outputs, strict=True))
            file.flush()


def as_taught(pairs: Iterable[Pair], taught: dict[str, str]) -> list[Pair]:
    """Each French sentence once, with the teacher's English, or its own if the teacher's is empty."""
    met: dict[str, Pair] = {}
    for pair in pairs:
        met.setdefault(pair.french, Pair(english=taught[pair.french].strip() or pair.english, french=pair.french))
    return list(met.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    sentences, _ = read_corpus(args.corpus)
    teach([pair.french for pair in sentences.train], args.out)


if __name__ == "__main__":
    main()
