"""Draw the committed splits: `python -m training.split --corpus DIR`.

Run once for a corpus. The same seed gives the same hashes again; a change of the lexicon changes only its own file.
"""

import argparse
from pathlib import Path

from training.data.translation_pairs import (
    LEXICON,
    SPLITS,
    TATOEBA,
    component_sizes,
    draw_split,
    read_pairs,
    write_split,
)

SEED = 2017
VALID_PAIRS, TEST_PAIRS = 1_500, 3_000
LEXICON_VALID, LEXICON_TEST = 0.02, 0.03


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help=f"the folder that holds {TATOEBA}")
    folder: Path = parser.parse_args().corpus
    SPLITS.mkdir(exist_ok=True)

    pairs = read_pairs(folder / TATOEBA)
    sizes = component_sizes(pairs)
    split = draw_split(pairs, valid=VALID_PAIRS / len(pairs), test=TEST_PAIRS / len(pairs), seed=SEED)
    about = (
        f"Held-out pairs of {TATOEBA}: {len(pairs)} pairs in {len(sizes)} components of shared sides, the largest "
        f"{max(sizes.values())}; BLAKE2b-64 of 'English TAB French', seed {SEED}"
    )
    write_split(split, SPLITS / "tatoeba-fra-eng.txt", about=about)
    print(f"{about}\n{len(split.valid)} valid, {len(split.test)} test")

    terms = read_pairs(LEXICON)
    split = draw_split(terms, valid=LEXICON_VALID, test=LEXICON_TEST, seed=SEED)
    write_split(
        split, SPLITS / "lexicon.txt", about=f"Held-out pairs of {LEXICON.name}, drawn in the same way, seed {SEED}"
    )
    print(f"{LEXICON.name}: {len(terms)} pairs, {len(split.valid)} valid, {len(split.test)} test")


if __name__ == "__main__":
    main()
