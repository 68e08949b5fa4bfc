"""Draw the committed splits: `python -m training.split --corpus DIR`, with `--language korean` for the Korean pairs.

Run once for a corpus. The same seed gives the same hashes again; a change of the lexicon changes only its own file.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.data import korean_pairs
from training.data.translation_pairs import (
    LEXICON,
    SPLITS,
    TATOEBA,
    Pair,
    component_sizes,
    draw_split,
    read_pairs,
    write_split,
)

SEED = 2017
VALID_PAIRS, TEST_PAIRS = 1_500, 3_000
LEXICON_VALID, LEXICON_TEST = 0.02, 0.03
KOREAN_VALID, KOREAN_TEST = 0.03, 0.1


def split_corpus(pairs: Sequence[Pair], path: Path, *, file: str, hashed: str, valid: float, test: float) -> None:
    """Draw and write the split of a corpus. `file` and `hashed` say in the first line where the hashes come from."""
    sizes = component_sizes(pairs)
    split = draw_split(pairs, valid=valid, test=test, seed=SEED)
    about = (
        f"Held-out pairs of {file}: {len(pairs)} pairs in {len(sizes)} components of shared sides, the largest "
        f"{max(sizes.values())}; BLAKE2b-64 of '{hashed}', seed {SEED}"
    )
    write_split(split, path, about=about)
    print(f"{about}\n{len(split.valid)} valid, {len(split.test)} test")


def split_french(folder: Path) -> None:
    """The splits of the French pairs and of the lexicon."""
    pairs = read_pairs(folder / TATOEBA)
    shares = {"valid": VALID_PAIRS / len(pairs), "test": TEST_PAIRS / len(pairs)}
    path = SPLITS / "tatoeba-fra-eng.txt"
    split_corpus(pairs, path, file=TATOEBA, hashed="English TAB French", **shares)

    terms = read_pairs(LEXICON)
    split = draw_split(terms, valid=LEXICON_VALID, test=LEXICON_TEST, seed=SEED)
    write_split(
        split, SPLITS / "lexicon.txt", about=f"Held-out pairs of {LEXICON.name}, drawn in the same way, seed {SEED}"
    )
    print(f"{LEXICON.name}: {len(terms)} pairs, {len(split.valid)} valid, {len(split.test)} test")


def split_korean(folder: Path) -> None:
    """The split of the Korean pairs."""
    pairs = [korean_pairs.for_split(pair) for pair in korean_pairs.read_file(folder / korean_pairs.TATOEBA)]
    file, hashed = f"ko-en/{korean_pairs.TATOEBA}", "English TAB Korean"
    split_corpus(pairs, korean_pairs.SPLIT, file=file, hashed=hashed, valid=KOREAN_VALID, test=KOREAN_TEST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder of the sentence pairs")
    parser.add_argument("--language", choices=["french", "korean"], default="french")
    args = parser.parse_args()
    SPLITS.mkdir(exist_ok=True)
    (split_korean if args.language == "korean" else split_french)(args.corpus)


if __name__ == "__main__":
    main()
